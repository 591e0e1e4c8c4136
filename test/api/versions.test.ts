import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OperationId } from '../../src/client/api.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { type Document, operationsOf } from './document.ts'
import { Inside } from './inside.ts'
import { enrol, freshName, makeEstate } from './tenants.ts'

/** A change, and where the version is shown that it is bound to. */
interface Change {
  readonly path: string
  /** Absent: by a dry run of it. */
  readonly shown?: string
  readonly body?: object
}

/** Changes of what has no versions, and why. */
const WITHOUT: Readonly<Partial<Record<OperationId, string>>> = {
  revokeToken: 'a token never changes but by its use, which must not save it',
  revokeApiToken: 'an API token never changes',
  shareNetwork: 'a grant is there or not',
  unshareNetwork: 'a grant is there or not',
  signOut: 'it ends what the caller itself is',
}

describe('every change of the document that can be bound to a version', () => {
  it('is refused with another one and changes nothing, and is made with the one that is shown', async () => {
    await using inside = await Inside.open({ ipv4Pool: ['10.0.0.0/8'] })
    const document: Document = (await inside.call('GET', '/openapi.json')).body
    const changes = await changesOn(inside)
    const without: string[] = []
    for (const [route, { operationId, parameters = [] }] of operationsOf(document)) {
      const [method = ''] = route.split(' ')
      if (!parameters.some(({ name }) => name === 'if-match')) {
        if (['PUT', 'PATCH', 'DELETE'].includes(method)) without.push(operationId)
        continue
      }
      const { path, shown, body } = changes[operationId] ?? assert.fail(`${route} has no line here`)
      const before = inside.state
      for (const stale of ['"stale"', 'W/"stale"', '']) {
        const refused = await inside.call(method, path, { body, headers: { 'if-match': stale } })
        assert.deepEqual(
          [refused.status, refused.body.code],
          [412, 'precondition-failed'],
          `${route} ${stale}`,
        )
      }
      assert.equal(inside.state, before, route)
      const answer =
        shown === undefined
          ? await inside.call(method, `${path}?dryRun=true`, { body })
          : await inside.call('GET', shown)
      const version = String(answer.headers.etag)
      const done = await inside.call(method, path, { body, headers: { 'if-match': version } })
      assert.ok(done.status < 300, `${route}: ${done.text}`)
      assert.notEqual(inside.state, before, route)
      const again = await inside.call(method, path, { body, headers: { 'if-match': version } })
      assert.ok([404, 412].includes(again.status), `${route} again: ${again.text}`)
    }
    assert.deepEqual(without.sort(), Object.keys(WITHOUT).sort())
  })
})

/** Something for each of them to change, which nothing else here touches. */
async function changesOn(inside: Inside): Promise<Readonly<Record<string, Change>>> {
  const own = async () => {
    const made = await makeEstate(inside, DEFAULT_PROJECT)
    return { ...made, at: `/v1/networks/${made.network}` }
  }
  const [deleted, left, batch, policy] = [await own(), await own(), await own(), await own()]
  const project = freshName()
  await inside.call('POST', '/v1/projects', { body: { name: project } })
  const node = async () => `/v1/nodes/${await enrol(inside, DEFAULT_PROJECT)}`
  const [labelled, removed, hub] = [await node(), await node(), await node()]
  const member = `${left.at}/members/${left.member}`
  const webhooks = [deleted, left].map(({ webhook }) => `/v1/webhooks/${webhook}`)
  const [changed = '', ended = ''] = webhooks
  const roles = { roles: ['hub'] }
  return {
    deleteProject: { path: `/v1/projects/${project}`, shown: `/v1/projects/${project}` },
    deleteNetwork: { path: deleted.at, shown: deleted.at },
    removeMember: { path: member, shown: member },
    changeMembers: { path: `${batch.at}/members/batch`, shown: batch.at, body: { add: [batch.idle] } },
    apply: { path: '/v1/apply', body: { networks: { [freshName()]: {} } } },
    changeNode: { path: labelled, shown: labelled, body: { labels: { rack: 'a1' } } },
    removeNode: { path: removed, shown: removed },
    setRoles: { path: `${hub}/roles`, shown: hub, body: roles },
    setPolicy: {
      path: `${policy.at}/policy`,
      shown: `${policy.at}/policy`,
      body: { default: 'deny', rules: [] },
    },
    changeWebhook: { path: changed, shown: changed, body: { name: freshName() } },
    deleteWebhook: { path: ended, shown: ended },
  }
}
