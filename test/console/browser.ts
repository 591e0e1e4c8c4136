import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const BUILT = new URL('../../dist/console/index.html', import.meta.url)

/** Why no page can be tested here; undefined if one can. */
export function whatIsMissing(): string | undefined {
  if (!PROGRAMS.some((program) => existsSync(program))) return 'there is no Chromium here'
  if (!existsSync(BUILT)) return 'the console was not built; npm test builds it'
  return undefined
}

/** A real browser, with a profile of its own that goes with it. */
export class Browser implements AsyncDisposable {
  readonly #context: BrowserContext
  readonly #profile: string
  /** What pages complained about. */
  readonly complaints: string[] = []
  /** Everything that was asked for. */
  readonly requests: string[] = []

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context
    this.#profile = profile
  }

  static async open(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'weft-browser-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: PROGRAMS.find((program) => existsSync(program)) ?? '',
      headless: true,
      ignoreHTTPSErrors: true,
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
      permissions: ['clipboard-read', 'clipboard-write'],
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    context.setDefaultTimeout(30_000)
    return new Browser(context, profile)
  }

  async page(): Promise<Page> {
    const page = await this.#context.newPage()
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    page.on('request', (request) => this.requests.push(request.url()))
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close()
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Signs in as a person would. */
export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Networks' }).waitFor()
}
