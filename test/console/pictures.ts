import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { assertAccessible } from './accessible.ts'

/** Where pictures of the last run lie, to be looked at; git does not see them. */
const FOLDER = fileURLToPath(new URL('../../dist/pictures/', import.meta.url))

/** Takes a picture of the page in both themes, and has it checked that everybody can read it. */
export async function takePictures(page: Page, name: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  for (const theme of ['dark', 'light'] as const) {
    const isOn = await page.locator('html').getAttribute('data-theme')
    if (isOn !== theme) await page.getByRole('button', { name: `Switch to the ${theme} theme` }).click()
    await page.waitForTimeout(500)
    await page.screenshot({ path: `${FOLDER}${name}-${theme}.png` })
    await assertAccessible(page, `${name}, ${theme}`)
  }
}
