import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/cli/client.ts'
import { type ClientOptions, openClient } from '../../src/cli/connection.ts'
import { signInByDevice } from '../../src/cli/login/device.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { toWeftError } from '../../src/errors.ts'
import { Place } from '../api/fixture.ts'
import { Browser } from '../api/signin/browser.ts'
import { CLIENT, CLIENT_SECRET, LocalIssuer } from '../api/signin/issuer.ts'
import { MAIN, type Outcome, weft } from './fixture.ts'

describe('profiles', () => {
  let folder: string
  let issuer: LocalIssuer
  let place: Place
  let url: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weft-profiles-'))
    const oidcClientSecretFile = join(folder, 'secret')
    await writeFile(oidcClientSecretFile, CLIENT_SECRET)
    issuer = await LocalIssuer.start()
    issuer.subject = 'alice'
    issuer.accounts.set('alice', { email: 'alice@example.org', email_verified: true })
    const oidc = { oidcIssuer: issuer.url, oidcClientId: CLIENT, oidcClientSecretFile }
    place = await Place.open({ ...oidc, oidcAccess: ['email:alice@example.org=operator@*'] })
    url = `https://127.0.0.1:${place.port}#${place.controller.authority.fingerprint}`
  })
  after(async () => {
    await place[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const file = () => join(folder, 'weft', 'profiles.json')
  const run = (args: readonly string[], options: { env?: Record<string, string>; input?: string } = {}) =>
    weft(args, { ...options, env: { XDG_CONFIG_HOME: folder, ...options.env } })
  const done = async (outcome: Promise<Outcome>) => {
    const { code, stdout, stderr } = await outcome
    assert.equal(code, 0, stderr)
    return stdout
  }
  const loginWithToken = (...args: string[]) =>
    done(run(['login', url, '--token-stdin', ...args], { input: `${place.token}\n` }))

  it('say what to do when there are none', async () => {
    const outcomes = await Promise.all([
      run(['network', 'list']),
      run(['logout']),
      run(['profile', 'use', 'x']),
      run(['login']),
    ])
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [2, 5, 5, 2],
    )
    for (const { stderr } of outcomes) assert.match(stderr, /weft (login|profile list)/)
    assert.match(await done(run(['profile', 'list'])), /^\s+NAME/)
  })

  it('are made by a token from stdin, for the eyes of their owner only, and serve every command', async () => {
    assert.match(
      await loginWithToken(),
      /^Signed in as first admin, in all projects\. Profile '127-0-0-1' is in use\.$/m,
    )
    const { mode } = await stat(file())
    assert.equal(mode & 0o777, 0o600)
    assert.equal((await stat(join(folder, 'weft'))).mode & 0o777, 0o700)
    await done(run(['network', 'create', 'demo']))
    for (const args of [
      ['profile', 'list'],
      ['profile', 'show'],
      ['profile', 'show', '--json'],
    ]) {
      const shown = await done(run(args))
      assert.match(shown, /127-0-0-1/)
      assert.ok(!shown.includes(place.token))
    }
  })

  it('are no place for a token that does not count', async () => {
    const before = await readFile(file(), 'utf8')
    const wrong = await run(['login', url, '--token-stdin', '--profile', 'wrong'], { input: 'weft_wrong' })
    assert.deepEqual([wrong.code, /unknown, expired/.test(wrong.stderr)], [4, true])
    assert.equal((await run(['login', url, '--token-stdin'], { input: 'two\nlines' })).code, 2)
    assert.equal(
      (await run(['login', url, '--token-stdin', '--profile', '../x'], { input: place.token })).code,
      2,
    )
    assert.equal(await readFile(file(), 'utf8'), before)
  })

  it('come after what the command line and the environment say', async () => {
    await loginWithToken('--profile', 'other')
    await done(run(['profile', 'use', '127-0-0-1']))
    const nowhere = `unix:/nowhere.sock#${'A'.repeat(43)}`
    const here = (options: ClientOptions, env: Record<string, string> = {}) =>
      answerOf(options, { ...env, XDG_CONFIG_HOME: folder })
    assert.equal(await here({}), 'done')
    assert.equal(await here({}, { WEFT_URL: nowhere, WEFT_TOKEN: 'x' }), 'unavailable')
    assert.equal(await here({ url: nowhere }, { WEFT_TOKEN: 'x' }), 'unavailable')
    assert.equal(await here({}, { WEFT_TOKEN: 'weft_wrong' }), 'unauthenticated')
    assert.equal(await here({ profile: 'other' }, { WEFT_URL: nowhere, WEFT_TOKEN: 'weft_wrong' }), 'done')
    assert.equal(await here({}, { WEFT_PROFILE: 'gone' }), 'not-found')
    // The token of a profile is for the controller of that profile only.
    assert.equal(await here({}, { WEFT_URL: url }), 'invalid-config')
    assert.equal(await here({ url }), 'invalid-config')
  })

  it('keep the project in which to act', async () => {
    await place.post('/v1/projects', { name: 'acme' })
    await loginWithToken('--profile', 'acme', '--project', 'acme')
    await done(run(['network', 'create', 'theirs', '--profile', 'acme']))
    assert.equal((await place.get('/v1/networks/theirs?project=acme')).status, 200)
    assert.equal(
      (await run(['network', 'show', 'theirs', '--profile', 'acme', '--project', 'default'])).code,
      5,
    )
  })

  it('can be chosen, signed out of, and deleted', async () => {
    await done(run(['profile', 'use', 'other']))
    const out = await run(['logout'])
    assert.deepEqual([out.code, /counts until it is revoked/.test(out.stderr)], [0, true])
    const list = JSON.parse(await done(run(['profile', 'list', '--json']))).items
    const other = list.find(({ name }: { name: string }) => name === 'other')
    assert.deepEqual([other.inUse, other.signedIn], [true, false])
    assert.equal((await run(['network', 'list'])).code, 2)
    await done(run(['profile', 'delete', 'other']))
    assert.equal((await run(['network', 'list'])).code, 2)
    assert.equal((await run(['profile', 'delete', 'other'])).code, 5)
  })

  it('that others can read are not used', async () => {
    await chmod(file(), 0o644)
    const outcome = await run(['network', 'list', '--profile', 'acme'])
    assert.deepEqual([outcome.code, /can be read by other users/.test(outcome.stderr)], [2, true])
    await chmod(file(), 0o600)
  })

  /** What the command prints for people, up to the link or code. */
  const linkOf = async (child: ChildProcess): Promise<string> => {
    let told = ''
    for await (const chunk of child.stderr ?? []) {
      told += chunk
      const link = /\n {2}(http\S+)\n/.exec(told)?.[1]
      if (link) return link
    }
    return assert.fail(told)
  }

  it('are made by a browser that comes back to the terminal, and signing out ends the session', async () => {
    const args = [MAIN, 'login', url, '--browser', '--profile', 'person']
    const child = spawn(process.execPath, args, {
      env: { ...process.env, WEFT_URL: '', XDG_CONFIG_HOME: folder },
    })
    const output = text(child.stdout)
    const link = await linkOf(child)
    const browser = new Browser(place)
    const stranger = await fetch(`${new URL(link).searchParams.get('redirect_uri')}?code=x&state=guessed`)
    assert.equal(stranger.status, 404)
    assert.match((await browser.go(link)).text, /You are signed in/)
    const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    assert.deepEqual([code, /Signed in as alice@example\.org/.test(await output)], [0, true])
    const { token } = JSON.parse(await readFile(file(), 'utf8')).profiles.person
    assert.equal((await place.get('/v1/whoami', { token })).body.name, 'alice@example.org')
    await done(run(['logout', '--profile', 'person']))
    assert.equal((await place.get('/v1/whoami', { token })).status, 401)
  })

  it('are made by a code on another device', async (context) => {
    using client = new Client(parseControllerUrl(url), undefined)
    let told = ''
    context.mock.method(process.stderr, 'write', (chunk: string) => {
      told += chunk
      return true
    })
    const stop = new AbortController()
    const signedIn = signInByDevice(client, { project: undefined, signal: stop.signal })
    while (!told.includes('enter the code')) await new Promise(setImmediate)
    const [, uri = '', code = ''] = /Open (\S+) in any browser[\s\S]*\n {2}(\S+)\n/.exec(told) ?? []
    const browser = new Browser(place)
    const form = await browser.submit(await browser.go(`${uri}?user_code=${code}`), {})
    await browser.submit(form, { confirm: 'yes' })
    assert.equal((await signedIn)?.name, 'alice@example.org')
  })
})

/** What comes of a question with these options, in an environment that has only these variables of ours. */
async function answerOf(options: ClientOptions, env: Readonly<Record<string, string>>): Promise<string> {
  const before = { ...process.env }
  for (const name of ['WEFT_URL', 'WEFT_TOKEN', 'WEFT_PROFILE']) delete process.env[name]
  Object.assign(process.env, env)
  try {
    using client = openClient(options)
    await client.list('listNetworks')
    return 'done'
  } catch (error) {
    return toWeftError(error).code
  } finally {
    for (const name of Object.keys(env)) delete process.env[name]
    Object.assign(process.env, before)
  }
}
