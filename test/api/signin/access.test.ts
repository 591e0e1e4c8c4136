import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Access, accessOf } from '../../../src/api/signin/access.ts'
import { personOf } from '../../../src/api/signin/person.ts'
import { DEFAULT_PROJECT, toProjectId } from '../../../src/model/names.ts'
import { emptyState } from '../../../src/model/state.ts'

const ACME = toProjectId(new Uint8Array(10).fill(1))
const state = {
  ...emptyState,
  projects: emptyState.projects
    .set(DEFAULT_PROJECT, { id: DEFAULT_PROJECT, name: 'default', createdAt: 0 })
    .set(ACME, { id: ACME, name: 'acme', createdAt: 0 }),
  projectsByName: emptyState.projectsByName.set('default', DEFAULT_PROJECT).set('acme', ACME),
}

describe('personOf', () => {
  it('believes an address only when the issuer has verified it', () => {
    const claims = { sub: '7', email: 'root@example.org', preferred_username: 'root' }
    for (const email_verified of [undefined, false, 'true', 1]) {
      const { email, name } = personOf({ ...claims, email_verified }, 'groups')
      assert.deepEqual([email, name], [undefined, '7 (root)'])
    }
    const { email, name } = personOf({ ...claims, email_verified: true }, 'groups')
    assert.deepEqual([email, name], ['root@example.org', 'root@example.org'])
  })

  it('finds groups by the name of the claim, by the way to it, and one that is no list', () => {
    const claims = {
      sub: '7',
      'https://example.org/groups': ['a'],
      realm: { roles: ['b', 3, null] },
      group: 'c',
    }
    const groups = (claim: string) => personOf(claims, claim).groups
    assert.deepEqual(groups('https://example.org/groups'), ['a'])
    assert.deepEqual(groups('realm.roles'), ['b'])
    assert.deepEqual(groups('group'), ['c'])
    for (const none of ['groups', 'realm', 'realm.nothing', 'constructor.name', '__proto__']) {
      assert.deepEqual(groups(none), [], none)
    }
  })

  it('makes names harmless', () => {
    const { name } = personOf({ sub: 'a\u001b[31m\u202e\n', name: `x${'y'.repeat(200)}` }, 'groups')
    assert.match(name, /^a\.\[31m\.\. \(x/)
    assert.equal([...name].length, 64)
  })
})

describe('accessOf', () => {
  const alice = {
    subject: '7',
    email: 'alice@example.org',
    groups: ['ops', 'cn=net,ou=acme'],
    name: 'alice@example.org',
  }
  const cases: readonly (readonly [what: string, rules: readonly string[], access: readonly Access[]])[] = [
    ['nothing without a rule', [], []],
    [
      'nothing by rules for others',
      ['group:dev=admin@*', 'email:bob@example.org=admin@*', 'subject:8=admin@*'],
      [],
    ],
    ['a role by a group', ['group:ops=operator@acme'], [{ role: 'operator', project: ACME }]],
    [
      'a role by a group with signs of its own',
      ['group:cn=net,ou=acme=viewer@acme'],
      [{ role: 'viewer', project: ACME }],
    ],
    ['a role by an address, however it is written', ['email:Alice@Example.org=admin@*'], [{ role: 'admin' }]],
    ['a role by the subject', ['subject:7=viewer@default'], [{ role: 'viewer', project: DEFAULT_PROJECT }]],
    ['a role that anybody has', ['anybody=viewer@acme'], [{ role: 'viewer', project: ACME }]],
    ['a role in a project by its id', [`subject:7=viewer@${ACME}`], [{ role: 'viewer', project: ACME }]],
    ['nothing in a project that is not there', ['anybody=admin@gone'], []],
    [
      'the highest role of several in a project, whatever their order',
      ['group:ops=operator@acme', 'anybody=viewer@acme', 'subject:7=admin@acme', 'anybody=viewer@acme'],
      [{ role: 'admin', project: ACME }],
    ],
    [
      'all projects first, and then the others as the rules have them',
      ['anybody=viewer@acme', 'anybody=viewer@default', 'group:ops=viewer@*'],
      [{ role: 'viewer' }, { role: 'viewer', project: ACME }, { role: 'viewer', project: DEFAULT_PROJECT }],
    ],
  ]
  for (const [what, rules, access] of cases) {
    it(`gives ${what}`, () => assert.deepEqual(accessOf(state, rules, alice), access))
  }

  it('gives nothing by an address that is not verified', () => {
    const claimed = personOf({ sub: '9', email: 'alice@example.org' }, 'groups')
    assert.deepEqual(accessOf(state, ['email:alice@example.org=admin@*'], claimed), [])
  })
})
