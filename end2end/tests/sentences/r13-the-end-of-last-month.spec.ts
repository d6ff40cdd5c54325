// R13: plus one at the end of the last month. In a console that travels to 15 March and through the night after it.
import { test } from "../console";
import { staysThroughTheNextNight } from "./long-kept";

test("R13 – plus one at the end of the last month: on 15 March the one of the end of February is there, and stays", async ({ another, moved, words }) => {
  await staysThroughTheNextNight(moved, another, words("Dimanche 28 février", "Sunday 28 February"), words("fin de mois", "month-end"));
});
