// R15: Base de données ▸ Restaurer shows the backups of that database, and of no other.
import { type Entries, WAYS, backupsOf, expect, signIn, taken, test } from "../console";

const hashes = (entries: Entries): string[] => [...entries.automatic, ...entries.manual, ...entries.safety].map((entry) => entry.sha256);

for (const { tag, how } of WAYS) {
  test(`R15 – Base de données ▸ Restaurer shows that database's backups only${how}`, { tag }, async ({ page, words }) => {
    await signIn(page, "admin");
    const both = { Comptabilité: "dupont-compta", Paie: "dupont-paie" } as const;
    for (const [name, database] of Object.entries(both)) {
      await page.goto("/sites/dupont/databases");
      await taken(page);
      await page.getByRole("row", { name: new RegExp(name) }).getByText(words("Restaurer", "Restore")).click();
      await expect(page).toHaveURL(new RegExp(`/sites/dupont/databases/${database}$`));
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(words(`Sauvegardes de ${name}`, `Backups of ${name}`));
      const mine = hashes(await backupsOf(page, "dupont", database));
      const others = hashes(await backupsOf(page, "dupont", database === "dupont-paie" ? "dupont-compta" : "dupont-paie"));
      const shown = await page.locator("main details.hash > code").allTextContents();
      expect(shown.length).toBeGreaterThan(0);
      expect(shown.toSorted()).toEqual(mine.toSorted());
      expect(shown.filter((hash) => others.includes(hash))).toEqual([]);
      for (const link of await page.locator("main a[href$='/download']").all()) {
        expect(await link.getAttribute("href")).toContain(`/databases/${database}/download`);
      }
    }
  });
}
