// What a term of the retention policy stands for, shown by trying another number for it.
import type { Locator, Page } from "@playwright/test";
import { type Words, isScriptless, taken } from "../console";

/** The backups that would go at once if an operator set a term of the site Dupont to this number. Nothing is saved. */
export async function triedTerm(page: Page, term: "days" | "months" | "years", number: number, words: Words): Promise<Locator> {
  await page.goto("/sites/dupont/retention");
  await taken(page);
  await page.locator(`#${term}`).fill(String(number));
  // With script the page follows what is typed.
  if (isScriptless(page)) await page.getByRole("button", { name: words("Prévisualiser", "Preview") }).click();
  return page.locator("#changes .told li");
}
