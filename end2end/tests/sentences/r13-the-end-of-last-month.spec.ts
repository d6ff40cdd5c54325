// R13: plus one at the end of the last month. In a console that travels to 15 March and through the night after it.
import { WAYS, test } from "../console";
import { staysThroughTheNextNight } from "./long-kept";

for (const { tag, how } of WAYS) {
  test(`R13 – plus one at the end of the last month: on 15 March the one of the end of February is there, and stays${how}`, { tag }, async ({ another, moved, words }) => {
    const [night, reason] = [words("Dimanche 28 février", "Sunday 28 February"), words("fin de mois", "month-end")];
    await staysThroughTheNextNight({ moved, another, words }, { night, reason, term: "months" });
  });
}
