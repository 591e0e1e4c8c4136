import assert from 'node:assert/strict'
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** Levels A and AA of WCAG 2.0 to 2.2, contrast among them. */
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Fails with each thing on the page that somebody could not read or reach. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  if ((await page.evaluate('typeof window.axe')) === 'undefined') await page.evaluate(axe.source)
  const found = await page.evaluate(
    `window.axe.run(document, { runOnly: ${JSON.stringify(LEVELS)}, resultTypes: ['violations'] })
      .then(({ violations, passes }) => JSON.stringify({ rules: passes.length, violations: violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 160) + ' ' + failureSummary)) }))`,
  )
  const { rules, violations } = JSON.parse(String(found)) as {
    readonly rules: number
    readonly violations: readonly string[]
  }
  assert.ok(rules > 5, 'the page was looked at')
  assert.deepEqual(violations, [], what)
}
