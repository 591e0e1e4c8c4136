import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { challengeOf } from '../../../src/api/signin/trip.ts'
import { beginSession } from '../../../src/controller/commands/session.ts'
import { secretHash } from '../../../src/keys/bearer.ts'
import { toTokenId } from '../../../src/model/names.ts'
import { startRig } from '../../rig.ts'
import { type CallOptions, Place } from '../fixture.ts'
import { Browser, type Shown } from './browser.ts'
import { CLIENT, CLIENT_SECRET, LocalIssuer } from './issuer.ts'

const ACCESS = [
  'group:ops=admin@*',
  'group:acme=operator@acme',
  'email:carol@example.org=viewer@acme',
  'email:carol@example.org=viewer@default',
]

describe('sign-in by OpenID Connect', () => {
  let folder: string
  let issuer: LocalIssuer
  let place: Place
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weft-signin-'))
    const oidcClientSecretFile = join(folder, 'secret')
    await writeFile(oidcClientSecretFile, `${CLIENT_SECRET}\n`, { mode: 0o600 })
    issuer = await LocalIssuer.start()
    const people = { alice: ['ops'], bob: ['acme'], carol: [], mallory: ['nobody'] }
    for (const [name, groups] of Object.entries(people)) {
      const email = `${name === 'mallory' ? 'carol' : name}@example.org`
      issuer.accounts.set(name, {
        email,
        email_verified: name !== 'mallory',
        groups,
        preferred_username: name,
      })
    }
    const own = { oidcName: 'Test ID', oidcIssuer: issuer.url, oidcClientId: CLIENT }
    place = await Place.open({ ...own, oidcClientSecretFile, oidcAccess: ACCESS })
    await place.post('/v1/projects', { name: 'acme' })
  })
  after(async () => {
    await place[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const asBrowser = (
    browser: Browser,
    headers: Record<string, string> = { 'weft-console': '1' },
  ): CallOptions => ({
    token: null,
    headers: { cookie: [...browser.cookies()].map((pair) => pair.join('=')).join('; '), ...headers },
  })
  const signIn = async (subject: string, query = '', browser = new Browser(place)) => {
    issuer.subject = subject
    const shown = await browser.go(`/v1/auth/oidc/login${query}`)
    return { browser, shown, whoami: (await place.get('/v1/whoami', asBrowser(browser))).body }
  }

  it('is offered by name', async () => {
    const { body } = await place.get('/v1/auth', { token: null })
    assert.deepEqual(body, { oidc: { name: 'Test ID' }, session: null })
  })

  it('leads to the issuer and back to the console, with a session that no script and no other site can use', async () => {
    const { browser, shown, whoami } = await signIn('alice')
    assert.equal(shown.url, 'https://weft.test/')
    assert.deepEqual([whoami.name, whoami.global], ['alice@example.org', true])
    const login = (await place.get('/v1/auth/oidc/login', { token: null })).headers
    assert.match(
      String(login['set-cookie']),
      /^__Host-weft-signin=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
    )
    assert.deepEqual([...browser.cookies().keys()], ['__Host-weft'])
    const { body } = await place.get('/v1/auth', asBrowser(browser))
    assert.equal(body.session, 'alice@example.org')
  })

  it('counts only for pages of the controller: without their header a cookie is nothing', async () => {
    const { browser } = await signIn('alice')
    const { sequence } = place.controller.state
    for (const headers of [{}, { origin: 'https://evil.example' }, { 'content-type': 'text/plain' }]) {
      const forged = asBrowser(browser, headers)
      assert.equal((await place.get('/v1/networks', forged)).status, 401)
      assert.equal((await place.post('/v1/networks', { name: 'forged' }, forged)).status, 401)
      assert.equal((await place.get('/v1/auth', forged)).body.session, null)
    }
    assert.equal(place.controller.state.sequence, sequence)
    const preflight = await place.call('OPTIONS', '/v1/networks', {
      token: null,
      headers: { origin: 'https://evil.example', 'access-control-request-headers': 'weft-console' },
    })
    assert.equal(preflight.headers['access-control-allow-origin'], undefined)
  })

  it('is named in the log as who did what', async () => {
    const { browser } = await signIn('bob')
    const made = await place.post('/v1/networks', { name: 'made-by-bob' }, asBrowser(browser))
    assert.equal(made.status, 201)
    const { items } = (await place.get('/v1/networks/made-by-bob/history?project=acme')).body
    assert.equal(items[0].actorName, 'bob@example.org')
    const tokens = (await place.get('/v1/api-tokens?project=acme')).body.items
    const session = tokens.find(({ id }: { id: string }) => id === items[0].actor)
    assert.deepEqual([session.person, session.role], [`${issuer.url} bob`, 'operator'])
  })

  it('gives what the settings say: by group, by verified address, in the project that is asked for', async () => {
    const acme = place.controller.state.projectsByName.get('acme')
    assert.deepEqual((await signIn('bob')).whoami.project, acme)
    assert.ok(!(await signIn('bob')).whoami.permissions.includes('api-tokens:write'))
    assert.equal((await signIn('carol')).whoami.project, acme)
    const elsewhere = (await signIn('carol', '?project=default')).whoami
    assert.notEqual(elsewhere.project, acme)
    assert.equal(elsewhere.global, false)
    assert.equal((await signIn('alice', '?project=acme')).whoami.global, true)
  })

  const refused = ({ browser, shown }: { browser: Browser; shown: Shown }, status: number, text: RegExp) => {
    assert.deepEqual([shown.status, browser.cookies().has('__Host-weft')], [status, false])
    assert.match(shown.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(shown.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'self'/)
    assert.match(shown.text, text)
  }

  it('is nothing for whom no rule names, nor for who claims the address of another', async () => {
    const { sequence } = place.controller.state
    refused(
      await signIn('mallory'),
      403,
      /mallory \(mallory\) is known to the issuer, but may do nothing here/,
    )
    refused(await signIn('bob', '?project=default'), 403, /may do nothing in this project/)
    assert.equal(place.controller.state.sequence, sequence)
    issuer.subject = undefined
    const browser = new Browser(place)
    refused({ browser, shown: await browser.go('/v1/auth/oidc/login') }, 403, /refused at the issuer/)
  })

  it('is of the browser that began it, and of one sign-in', async () => {
    issuer.subject = 'alice'
    const victim = new Browser(place)
    const attacker = new Browser(place)
    const back = await attacker.go('/v1/auth/oidc/login', (url) => url.includes('/callback?'))
    refused({ browser: victim, shown: await victim.go(back.url) }, 401, /did not begin/)
    await victim.go('/v1/auth/oidc/login', (url) => url.startsWith(issuer.url))
    refused({ browser: victim, shown: await victim.go(back.url) }, 401, /cannot be trusted/)
    assert.equal((await attacker.go(back.url)).url, 'https://weft.test/')
    refused({ browser: victim, shown: await victim.go(back.url) }, 401, /did not begin/)
  })

  it('takes a code once', async () => {
    issuer.subject = 'alice'
    const browser = new Browser(place)
    const back = await browser.go('/v1/auth/oidc/login', (url) => url.includes('/callback?'))
    const { pathname, search } = new URL(back.url)
    const trip = asBrowser(browser, { host: 'weft.test' })
    assert.equal((await place.get(pathname + search, trip)).status, 302)
    assert.equal((await place.get(pathname + search, trip)).status, 401)
  })

  it('shows names as text and never as HTML', async () => {
    issuer.accounts.set('x', { preferred_username: '<script>alert(1)</script>"\'' })
    const { shown } = await signIn('x')
    assert.match(shown.text, /&#60;script&#62;alert\(1\)&#60;\/script&#62;&#34;&#39;/)
    assert.doesNotMatch(shown.text, /<script/)
  })

  it('ends at once where somebody signs out, and only there', async () => {
    const { browser } = await signIn('alice')
    const other = (await signIn('alice')).browser
    const out = await place.delete('/v1/auth/session', asBrowser(browser))
    assert.deepEqual(
      [out.status, String(out.headers['set-cookie'])],
      [204, '__Host-weft=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0'],
    )
    assert.equal((await place.get('/v1/whoami', asBrowser(browser))).status, 401)
    assert.equal((await place.get('/v1/whoami', asBrowser(other))).status, 200)
    assert.equal((await place.delete('/v1/auth/session')).status, 409)
  })

  it('is ended by an administrator, and does not keep the last token that opens everything from being the last', async () => {
    const { browser, whoami } = await signIn('alice')
    const [first] = (await place.get('/v1/api-tokens')).body.items.filter(
      ({ name }: { name: string }) => name === 'first admin',
    )
    const last = await place.delete(`/v1/api-tokens/${first.id}`, asBrowser(browser))
    assert.deepEqual([last.status, last.body.code], [409, 'conflict'])
    assert.equal((await place.delete(`/v1/api-tokens/${whoami.id}`)).status, 204)
    assert.equal((await place.get('/v1/whoami', asBrowser(browser))).status, 401)
  })

  it('keeps 16 sessions of a person, and those of others', async () => {
    const { state } = place.controller
    const countOf = (subject: string) =>
      place.controller.state.apiTokens.count(({ person }) => person === `${issuer.url} ${subject}`)
    const before = countOf('bob')
    const [id] = state.projectsByName.values()
    for (let at = 0; at < 20; at++) {
      await place.controller.change({ actor: 'test' }, (now, tools) => {
        const token = toTokenId(tools.random(10))
        return beginSession(now, tools, {
          id: token,
          name: 'carol',
          person: `${issuer.url} carol`,
          role: 'viewer',
          ...(id && { project: id }),
        })
      })
    }
    assert.deepEqual([countOf('carol'), countOf('bob')], [16, before])
  })

  it('works at a terminal by a code on another device', async () => {
    issuer.subject = 'bob'
    const open = { token: null }
    const device = (await place.call('POST', '/v1/auth/oidc/device', open)).body
    const ask = () => place.post('/v1/auth/oidc/device/session', { deviceCode: device.deviceCode }, open)
    const early = await ask()
    assert.deepEqual([early.status, early.body], [202, { status: 'pending' }])
    const browser = new Browser(place)
    const form = await browser.submit(await browser.go(device.verificationUriComplete), {})
    await browser.submit(form, { confirm: 'yes' })
    const { status, body } = await ask()
    assert.deepEqual([status, body.name, body.role], [201, 'bob@example.org', 'operator'])
    assert.equal((await place.get('/v1/whoami', { token: body.token })).body.id, body.id)
    assert.equal((await ask()).status, 401)
  })

  it('works at a terminal by a browser that comes back to it', async () => {
    issuer.subject = 'bob'
    const open = { token: null }
    const redirectUri = 'http://127.0.0.1:40123/callback'
    const codeVerifier = 'v'.repeat(43)
    const journey = { redirectUri, state: 'state-1', nonce: 'nonce-1' }
    const begun = await place.post(
      '/v1/auth/oidc/code',
      { ...journey, codeChallenge: challengeOf(codeVerifier) },
      open,
    )
    const back = new URL(
      (await new Browser(place).go(begun.body.url, (url) => url.startsWith(redirectUri))).url,
    )
    const given = { ...journey, code: back.searchParams.get('code'), issuer: back.searchParams.get('iss') }
    const finish = (body: object) => place.post('/v1/auth/oidc/code/session', { ...given, ...body }, open)
    assert.equal((await finish({ codeVerifier: 'w'.repeat(43) })).status, 401)
    const again = new URL(
      (await new Browser(place).go(begun.body.url, (url) => url.startsWith(redirectUri))).url,
    )
    const done = await finish({ codeVerifier, code: again.searchParams.get('code') })
    assert.deepEqual([done.status, done.body.name], [201, 'bob@example.org'])
    const elsewhere = {
      ...journey,
      redirectUri: 'https://evil.example/callback',
      codeChallenge: challengeOf(codeVerifier),
    }
    assert.equal((await place.post('/v1/auth/oidc/code', elsewhere, open)).status, 400)
  })

  it('leaves no secret in the log of the controller', async () => {
    const { browser } = await signIn('alice')
    const secrets = [
      CLIENT_SECRET,
      browser.cookies().get('__Host-weft') ?? '',
      ...browser.history.flatMap(codesIn),
    ]
    assert.ok(secrets.length > 3 && secrets.every((secret) => secret.length > 20))
    for (const secret of secrets) {
      assert.ok(!place.log.includes(secret))
      assert.ok(!JSON.stringify(place.controller.state).includes(secret))
    }
  })
})

/** Codes and tokens of a URL. */
function codesIn(url: string): string[] {
  const { searchParams } = new URL(url)
  return ['code', 'state', 'nonce'].flatMap((name) => searchParams.get(name) ?? [])
}

describe('a controller with sign-in', () => {
  it('that its issuer does not answer says so, and works with tokens', async () => {
    await using place = await Place.open({ oidcIssuer: 'http://127.0.0.1:9', oidcClientId: 'x' })
    const answer = await place.get('/v1/auth/oidc/login', { token: null })
    assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable'])
    assert.equal((await place.get('/v1/networks')).status, 200)
  })

  it('that has no issuer, or one without devices, says that there is nothing', async () => {
    await using place = await Place.open()
    for (const path of ['/v1/auth/oidc/login', '/v1/auth/oidc/callback']) {
      assert.equal((await place.get(path, { token: null })).status, 404)
    }
    assert.deepEqual((await place.get('/v1/auth', { token: null })).body, { oidc: null, session: null })
    await using issuer = await LocalIssuer.start({ withDevices: false })
    await using other = await Place.open({ oidcIssuer: issuer.url, oidcClientId: CLIENT })
    assert.equal((await other.call('POST', '/v1/auth/oidc/device', { token: null })).status, 404)
  })

  it('does not start with half of its settings', async () => {
    const refusal = { code: 'invalid-config', field: 'oidcClientId' }
    await assert.rejects(Place.open({ oidcIssuer: 'https://id.example.org' }), refusal)
    await assert.rejects(
      Place.open({
        oidcIssuer: 'https://id.example.org',
        oidcClientId: 'x',
        oidcClientSecretFile: '/nothing',
      }),
      { code: 'invalid-config', field: 'oidcClientSecretFile' },
    )
    await assert.rejects(Place.open({ oidcIssuer: 'http://id.example.org' }), { code: 'invalid-config' })
    await assert.rejects(Place.open({ oidcAccess: ['group:ops=king@*'] }), { code: 'invalid-config' })
  })

  it('keeps sessions over a restart', async () => {
    await using rig = await startRig()
    const id = toTokenId(new Uint8Array(10).fill(7))
    const made = await rig.controller.change({ actor: id }, (state, tools) =>
      beginSession(state, tools, { id, name: 'alice', person: 'https://id 7', role: 'admin' }),
    )
    assert.ok(!made.repeated)
    await rig.restart()
    const { apiTokens, apiTokensByHash } = rig.controller.state
    assert.equal(apiTokensByHash.get(secretHash(made.result.secret)), id)
    assert.equal(apiTokens.get(id)?.person, 'https://id 7')
  })
})
