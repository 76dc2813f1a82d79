/// The page as the server serves it: whole, from one place, under its policy.

import { describe, expect } from "vitest";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

describe.each(PLACES)("the page, $kind", (place) => {
  proof("comes with a policy that allows nothing inline and nobody else", async (people) => {
    const { page } = await people.visitor(place);
    const answer = await page.goto("/");
    expect(answer?.status()).toBe(200);
    const policy = (await answer?.allHeaders())?.["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe-");
    await page.locator("body :is(h1, h2)").first().waitFor();
  });

  proof("refuses a script that somebody got into it", async (people) => {
    const { page, watch } = await people.visitor(place);
    watch.expect(/Content Security Policy|TrustedScript|HTMLScriptElement/);
    await page.goto("/");
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      const refused = new Promise((wake) => document.addEventListener("securitypolicyviolation", wake, { once: true }));
      script.append("globalThis.harmed = true");
      document.body.append(script);
      await refused;
      return "harmed" in globalThis;
    });
    expect(ran).toBe(false);
  });
});
