// R14: plus a yearly one. In a console that travels to 15 March and through the night after it.
import { test } from "../console";
import { staysThroughTheNextNight } from "./long-kept";

test("R14 – plus a yearly one: on 15 March the one of the end of December is there, and stays", async ({ another, moved, words }) => {
  await staysThroughTheNextNight(moved, another, words("Jeudi 31 décembre", "Thursday 31 December"), words("annuelle", "year-end"));
});
