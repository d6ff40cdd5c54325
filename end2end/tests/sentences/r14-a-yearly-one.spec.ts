// R14: plus a yearly one. In a console that travels to 15 March and through the night after it.
import { WAYS, test } from "../console";
import { staysThroughTheNextNight } from "./long-kept";

for (const { tag, how } of WAYS) {
  test(`R14 – plus a yearly one: on 15 March the one of the end of December is there, and stays${how}`, { tag }, async ({ another, moved, words }) => {
    const [night, reason] = [words("Jeudi 31 décembre", "Thursday 31 December"), words("annuelle", "year-end")];
    await staysThroughTheNextNight({ moved, another, words }, { night, reason, term: "years" });
  });
}
