import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import tls from 'node:tls'
import { isSigned, Receiver, soon } from '../controller/receiver.ts'
import { Inside } from './inside.ts'
import { makeEstate, makeProject, makeToken, share } from './tenants.ts'

const FAST = {
  ipv4Pool: ['10.0.0.0/8'],
  webhookRanges: ['127.0.0.0/8'],
  webhookPlainHttp: true,
  webhookRetrySeconds: 0.02,
}

describe('webhooks by REST', () => {
  let inside: Inside
  before(async () => {
    inside = await Inside.open(FAST)
  })
  after(() => inside[Symbol.asyncDispose]())

  const make = async (body: object, project = 'default') => {
    const answer = await inside.call('POST', `/v1/webhooks?project=${project}`, { body })
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }

  it('are told of changes as live events tell them, signed with the secret that is shown once', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    const { id, secret, ...made } = await make({ url: receiver.url, name: 'books' })
    assert.match(secret, /^whsec_[\w+/]{43}=$/)
    assert.deepEqual([made.enabled, made.events, made.disabledReason], [true, null, null])
    await inside.call('POST', '/v1/networks', { body: { name: 'told' } })
    await soon(() => assert.equal(receiver.received.length, 1))
    const [message] = received()
    assert.ok(message && isSigned(message, secret))
    assert.equal(isSigned({ ...message, text: `${message.text} ` }, secret), false)
    const { items } = (await inside.call('GET', '/v1/networks/told/history')).body
    const { project, ...data } = message.body.data
    // Who did it is a global token: as live events have it, not of this project.
    const who = { actor: 'another project', actorName: 'another project' }
    assert.deepEqual(data, { ...items[0], ...who, revision: 0 })
    assert.deepEqual([message.body.type, message.body.timestamp], ['change', data.at])
    assert.equal(project, made.project)
    for (const path of ['/v1/webhooks', `/v1/webhooks/${id}`, `/v1/webhooks/${id}/deliveries`]) {
      const { status, text } = await inside.call('GET', path)
      assert.equal(status, 200)
      assert.ok(!text.includes(secret.slice(6)), path)
    }
    const { items: deliveries } = (await inside.call('GET', `/v1/webhooks/${id}/deliveries`)).body
    const [{ state, status, attempts, sequence, error }] = deliveries
    assert.deepEqual([deliveries.length, state, status, attempts, error], [1, 'delivered', 204, 1, null])
    assert.equal(sequence, data.sequence)
    await inside.call('DELETE', `/v1/webhooks/${id}`)
  })

  it('are filtered by events and networks', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    for (const name of ['in', 'out']) await inside.call('POST', '/v1/networks', { body: { name } })
    const filter = { events: ['network-policy-set'], networks: ['in'] }
    const { id, networks } = await make({ url: receiver.url, ...filter })
    assert.match(networks[0], /^net-/)
    const deny = { body: { default: 'deny', rules: [] } }
    await inside.call('PUT', '/v1/networks/out/policy', deny)
    await inside.call('DELETE', '/v1/networks/out')
    await inside.call('PUT', '/v1/networks/in/policy', deny)
    // In order: what came before this was looked at by the filter as it was.
    await soon(() => assert.equal(receiver.received.length, 1))
    const wide = await inside.call('PATCH', `/v1/webhooks/${id}`, { body: { events: null, networks: null } })
    assert.deepEqual([wide.body.events, wide.body.networks], [null, null])
    await inside.call('POST', '/v1/networks', { body: { name: 'last' } })
    await soon(() => assert.ok(receiver.received.some(({ text }) => text.includes('last'))))
    const actions = received().map(({ body }) => body.data.actions.join())
    assert.deepEqual(actions, ['network-policy-set', 'webhook-changed', 'network-created'])
    await inside.call('DELETE', `/v1/webhooks/${id}`)
  })

  it('are changed by the version that was read, and told nothing while they are disabled', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    const { id } = await make({ url: receiver.url })
    const { headers } = await inside.call('GET', `/v1/webhooks/${id}`)
    const match = { 'if-match': String(headers.etag) }
    const off = await inside.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: false }, headers: match })
    assert.deepEqual([off.status, off.body.enabled], [200, false])
    const late = await inside.call('PATCH', `/v1/webhooks/${id}`, { body: { name: 'x' }, headers: match })
    assert.equal(late.status, 412)
    await inside.call('POST', '/v1/networks', { body: { name: 'later' } })
    const ping = await inside.call('POST', `/v1/webhooks/${id}/test`)
    assert.deepEqual([ping.status, ping.body.type, ping.body.state], [200, 'ping', 'delivered'])
    const alone = received()
    assert.deepEqual(
      alone.map(({ body }) => [body.type, body.data.webhook]),
      [['ping', id]],
    )
    await inside.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: true } })
    await soon(() => assert.ok(receiver.received.some(({ text }) => text.includes('later'))))
    received()
    await inside.call('DELETE', `/v1/webhooks/${id}`)
  })

  it('are made, tested and sent again once for each Idempotency-Key', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    const headers = { 'idempotency-key': 'k1' }
    const body = { url: receiver.url, enabled: false }
    const first = await inside.call('POST', '/v1/webhooks', { body, headers })
    const again = await inside.call('POST', '/v1/webhooks', { body, headers })
    assert.deepEqual([first.status, again.status, again.body.code], [201, 409, 'already-exists'])
    const test = (key: string) =>
      inside.call('POST', `/v1/webhooks/${first.body.id}/test`, { headers: { 'idempotency-key': key } })
    const [one, two, spent] = [await test('k2'), await test('k2'), await test('k1')]
    assert.deepEqual([one.status, two.body], [200, one.body])
    assert.deepEqual([spent.status, spent.body.field], [409, 'idempotency-key'], 'k1 made the webhook')
    const path = `/v1/webhooks/${first.body.id}/deliveries/${one.body.id}/redeliver`
    assert.equal((await inside.call('POST', path)).body.attempts, 2)
    assert.equal(received().length, 2)
    const { sequence } = inside.state
    const none = await inside.call('POST', path.replace(one.body.id, 'msg_none'), {
      headers: { 'idempotency-key': 'k9' },
    })
    assert.deepEqual(
      [none.status, inside.state.sequence],
      [404, sequence],
      'no key is kept of what was refused',
    )
  })

  it('are refused where they lead inside, and follow no name, redirect or endless answer there', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    await using strict = await Inside.open({ webhookRetrySeconds: 3_600 })
    for (const url of [receiver.url, 'http://example.org', 'https://[::1]/', 'https://169.254.169.254/']) {
      const { status, body } = await strict.call('POST', '/v1/webhooks', { body: { url } })
      assert.deepEqual([status, body.field], [400, 'url'], url)
    }
    const named = { url: `https://localhost:${receiver.port}/`, enabled: false }
    const { body } = await strict.call('POST', '/v1/webhooks', { body: named })
    const test = await strict.call('POST', `/v1/webhooks/${body.id}/test`)
    assert.deepEqual([test.body.state, test.body.error], ['failed', 'its name leads to no public address'])
    assert.equal(received().length, 0)

    const { id } = await make({ url: receiver.url, enabled: false })
    receiver.answer = (response) => response.writeHead(307, { location: receiver.url }).end()
    const moved = await inside.call('POST', `/v1/webhooks/${id}/test`)
    assert.deepEqual([moved.body.state, moved.body.status, received().length], ['failed', 307, 1])
    receiver.answer = (response) => {
      response.writeHead(200)
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', flood).on('error', () => undefined)
      flood()
    }
    const endless = await inside.call('POST', `/v1/webhooks/${id}/test`)
    assert.deepEqual([endless.body.state, endless.body.status], ['delivered', 200])
    receiver.refuse(500, 0)
    received()
  })

  it('go by TLS to who has a certificate that is trusted, and to nobody else', async () => {
    const { certificate: cert, certificateKey } = inside.controller.authority
    await using secure = await Receiver.open({ cert, key: Buffer.from(certificateKey.expose()) })
    const { id } = await make({ url: secure.url, enabled: false })
    const test = async () => (await inside.call('POST', `/v1/webhooks/${id}/test`)).body
    assert.equal((await test()).error, 'its certificate is not trusted')
    assert.equal(secure.received.length, 0)
    const usual = tls.getCACertificates('default')
    tls.setDefaultCACertificates([...usual, cert])
    try {
      assert.equal((await test()).state, 'delivered')
    } finally {
      tls.setDefaultCACertificates(usual)
    }
  })

  it('belong to one project, and tell nothing of others', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    const [mine, theirs] = [await makeProject(inside, 'mine'), await makeProject(inside, 'theirs')]
    const { secret, id } = await make({ url: receiver.url }, 'mine')
    assert.ok(secret)
    const other = await makeEstate(inside, theirs)
    const own = await makeEstate(inside, mine)
    await share(inside, other, own)
    await soon(() => assert.equal(receiver.received.length, 2))
    const text = received()
      .map((message) => message.text)
      .join()
    assert.ok(text.includes(own.network))
    for (const hidden of [other.member, other.joinToken, 'theirs']) assert.ok(!text.includes(hidden), hidden)
    const token = await makeToken(inside, { name: 'x', role: 'admin', project: theirs })
    assert.equal((await inside.call('GET', `/v1/webhooks/${id}`, { token })).status, 404)
    await inside.call('DELETE', '/v1/projects/mine?confirm=mine')
    assert.equal(inside.state.webhooks.has(id), false)
  })

  it('leave no secret in log, state, audit, events and metrics', async () => {
    await using receiver = await Receiver.open()
    const received = () => receiver.received.splice(0)
    const path = 'T0KEN-in-the-path'
    const { id, secret } = await make({ url: `${receiver.url}/${path}` })
    await inside.call('POST', '/v1/networks', { body: { name: 'quiet' } })
    await soon(() => assert.ok(receiver.received.length > 0))
    const [audit, metrics, document] = await Promise.all([
      inside.call('GET', '/v1/audit?allProjects=true&limit=1000'),
      inside.call('GET', '/metrics'),
      inside.call('GET', '/openapi.json'),
    ])
    assert.match(metrics.text, /weft_webhook_attempts_total\{outcome="delivered"\} \d/)
    const told = received().map(({ text }) => text)
    const sealed = inside.state.webhooks.get(id)?.wrappedSecret ?? ''
    assert.ok(sealed.length > 40)
    for (const place of [inside.log, audit.text, metrics.text, document.text, ...told]) {
      for (const one of [secret, secret.slice(6), sealed, path]) assert.ok(!place.includes(one))
    }
    assert.ok(!JSON.stringify(inside.state.webhooks).includes(secret.slice(6)))
    await inside.call('DELETE', `/v1/webhooks/${id}`)
  })

  it('are twenty in a project at most', async () => {
    await using receiver = await Receiver.open()
    await makeProject(inside, 'many')
    const body = { url: receiver.url, enabled: false }
    for (let count = 0; count < 20; count++) await make(body, 'many')
    const { status } = await inside.call('POST', '/v1/webhooks?project=many', { body })
    assert.equal(status, 409)
    const page = (await inside.call('GET', '/v1/webhooks?project=many&limit=15&enabled=false')).body
    assert.equal(page.items.length, 15)
    const rest = await inside.call('GET', `/v1/webhooks?project=many&cursor=${page.next}`)
    assert.equal(rest.body.items.length, 5)
  })
})
