import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { Place } from '../api/fixture.ts'
import { CLIENT, CLIENT_SECRET, LocalIssuer } from '../api/signin/issuer.ts'
import { Browser, whatIsMissing } from './browser.ts'

describe('sign-in at the web console by OpenID Connect', { skip: whatIsMissing() }, () => {
  let issuer: LocalIssuer
  let place: Place
  let browser: Browser
  let page: Page
  let url: string
  before(async () => {
    process.env.WEFT_OIDC_CLIENT_SECRET = CLIENT_SECRET
    issuer = await LocalIssuer.start()
    issuer.subject = 'alice'
    issuer.accounts.set('alice', { email: 'alice@example.org', email_verified: true })
    const oidc = { oidcIssuer: issuer.url, oidcClientId: CLIENT, oidcName: 'Test ID' }
    place = await Place.open({ ...oidc, oidcAccess: ['email:alice@example.org=operator@*'] })
    url = `https://127.0.0.1:${place.port}/`
    issuer.allow(`${url}v1/auth/oidc/callback`)
    browser = await Browser.open()
    page = await browser.page()
  })
  after(async () => {
    await browser?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
    await issuer?.[Symbol.asyncDispose]()
  })

  const networks = () => page.getByRole('heading', { name: 'Networks' })
  const door = () => page.getByRole('link', { name: 'Sign in with Test ID' })

  it('leads through the issuer into the console, where changes are made in the name of the person', async () => {
    await page.goto(url)
    await door().click()
    await networks().waitFor()
    await page.getByRole('button', { name: 'New network' }).click()
    await page.getByLabel('Name').fill('by-alice')
    await page.getByRole('button', { name: 'Make network' }).click()
    await page.getByRole('heading', { name: 'by-alice' }).waitFor()
    const { items } = (await place.get('/v1/networks/by-alice/history')).body
    assert.equal(items[0].actorName, 'alice@example.org')
  })

  it('stays when the page is loaded again, and no script can read it', async () => {
    await page.goto(url)
    await networks().waitFor()
    assert.deepEqual(
      await page.evaluate('[document.cookie, sessionStorage.length, localStorage["weft.token"]]'),
      ['', 0, undefined],
    )
  })

  it('ends with signing out, also for who has the cookie', async () => {
    const stolen = (await page.context().cookies(url)).find(({ name }) => name === '__Host-weft')?.value ?? ''
    assert.equal((await place.get('/v1/whoami', { token: stolen })).status, 200)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await door().waitFor()
    assert.equal((await place.get('/v1/whoami', { token: stolen })).status, 401)
    const left = (await page.context().cookies(url)).map(({ name }) => name)
    assert.ok(!left.some((name) => name.startsWith('__Host-weft')), left.join())
  })

  it('loads its documentation under the strictest policy', async () => {
    await page.goto(`${url}docs`)
    await page.getByRole('heading', { name: 'Weft', exact: true }).waitFor()
    const ground = await page.evaluate('getComputedStyle(document.body).display')
    assert.equal(ground, 'grid')
    await page.getByRole('link', { name: '/v1/networks', exact: true }).first().click()
    await page.getByRole('heading', { name: /^Make a network/ }).waitFor()
  })

  it('asks nobody but the controller and the issuer for anything, and complains of nothing', () => {
    const others = browser.requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith(issuer.url))
    assert.deepEqual([others, browser.complaints], [[], []])
  })
})
