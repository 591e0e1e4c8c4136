import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Place } from '../fixture.ts'
import { Browser } from './browser.ts'
import { Forger, type Forgery } from './forger.ts'

describe('an ID token', () => {
  let forger: Forger
  let place: Place
  before(async () => {
    forger = await Forger.start()
    const oidcAccess = ['anybody=admin@*']
    place = await Place.open({ oidcIssuer: forger.url, oidcClientId: 'weft', oidcAccess })
  })
  after(async () => {
    await place[Symbol.asyncDispose]()
    await forger[Symbol.asyncDispose]()
  })

  /** What becomes of a browser that comes back from the issuer. */
  const signIn = async (forgery: Forgery) => {
    forger.forgery = forgery
    const browser = new Browser(place)
    const { url } = await browser.go('/v1/auth/oidc/login', (at) => at.startsWith(forger.url))
    const asked = new URL(url).searchParams
    forger.nonce = asked.get('nonce') ?? ''
    const back = await browser.go(`/v1/auth/oidc/callback?code=c&state=${asked.get('state')}`, (at) =>
      at.endsWith('weft.test/'),
    )
    return { status: back.status, hasSession: browser.cookies().has('__Host-weft') }
  }

  it('is believed when it is right', async () => {
    assert.deepEqual(await signIn({}), { status: 0, hasSession: true })
  })

  const hour = 3_600
  const now = () => Math.floor(Date.now() / 1_000)
  const forgeries: readonly (readonly [what: string, forgery: () => Forgery])[] = [
    ['signed by a key that is not the issuer’s', () => ({ otherKey: true })],
    ['not signed at all', () => ({ algorithm: 'none' })],
    ['changed after it was signed', () => ({ after: withSubject('root') })],
    ['without its signature', () => ({ after: (token) => token.replace(/[^.]+$/, '') })],
    ['made for another client', () => ({ claims: { aud: 'other' } })],
    ['of another issuer', () => ({ claims: { iss: 'https://elsewhere.example' } })],
    ['of another sign-in', () => ({ claims: { nonce: 'another' } })],
    ['without a nonce', () => ({ claims: { nonce: undefined } })],
    ['that has expired', () => ({ claims: { iat: now() - 2 * hour, exp: now() - hour } })],
    ['of nobody', () => ({ claims: { sub: undefined } })],
  ]
  for (const [what, forgery] of forgeries) {
    it(`is refused when it is one ${what}`, async () => {
      const { sequence } = place.controller.state
      assert.deepEqual(await signIn(forgery()), { status: 401, hasSession: false })
      assert.equal(place.controller.state.sequence, sequence)
    })
  }
})

function withSubject(sub: string) {
  return (token: string) => {
    const [head = '', body = '', signature = ''] = token.split('.')
    const claims = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub }
    return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  }
}
