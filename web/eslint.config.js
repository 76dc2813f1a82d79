import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import { configs, parser } from "typescript-eslint";
import { defineConfig } from "eslint/config";
import svelteConfig from "./svelte.config.js";

export default defineConfig(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js", "scripts/*.js", "vite.config.ts"] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      // No cast but where a comment beside it says why it holds: the rule is switched off there, by name.
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Text becomes DOM nodes, never markup.
      "svelte/no-at-html-tags": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style']",
          message:
            "The content security policy refuses style attributes: use style:name={value}, which goes through CSSOM.",
        },
      ],
      "svelte/require-each-key": "error",
      "svelte/button-has-type": "error",
      // The router is our own, and the page is served at the root.
      "svelte/no-navigation-without-resolve": "off",
      // Maps and sets here are plain: whole values in $state.raw that are replaced, or nobody's business but their owner's.
      "svelte/prefer-svelte-reactivity": "off",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser, svelteConfig } },
    rules: {
      // `$props()` gives bindable and optional values that are reassigned by others.
      "prefer-const": "off",
      "svelte/prefer-const": ["error", { excludedRunes: ["$props", "$derived"] }],
    },
  },
  {
    // The linter takes what a component is and hands over for `any`; svelte-check knows the types, and refuses an implicit one.
    files: ["**/*.svelte"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["*.js", "scripts/*.js", "vite.config.ts"],
    languageOptions: { globals: globals.node },
    extends: [configs.disableTypeChecked],
  },
);
