import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Command } from 'commander'
import { COMMANDS } from '../../src/cli/commands.ts'
import type { OperationId } from '../../src/client/api.ts'
import { type Document, documentOf, type Operation, operationsOf } from '../api/document.ts'
import { Place } from '../api/fixture.ts'

/** The command that does what an operation of REST does, or why there is none. */
type Reach = string | { readonly none: string }

/** A new operation does not compile until it has a line here. */
const REACH: Readonly<Record<OperationId, Reach>> = {
  health: 'status',
  ready: 'status',
  metrics: 'status metrics',
  listErrors: 'errors',
  showError: 'errors',
  showSignIn: 'login',
  login: { none: 'It sends a browser on; a terminal signs in by code or device.' },
  beginSignIn: 'login',
  finishSignIn: 'login',
  beginDeviceSignIn: 'login',
  finishDeviceSignIn: 'login',
  signOut: 'logout',
  createProject: 'project create',
  listProjects: 'project list',
  showProject: 'project show',
  deleteProject: 'project delete',
  createApiToken: 'api-token create',
  listApiTokens: 'api-token list',
  showApiToken: 'api-token show',
  revokeApiToken: 'api-token revoke',
  whoami: 'api-token whoami',
  createNetwork: 'network create',
  listNetworks: 'network list',
  showNetwork: 'network show',
  deleteNetwork: 'network delete',
  shareNetwork: 'network share',
  unshareNetwork: 'network unshare',
  listGrants: 'network grants',
  addMember: 'member add',
  listMembers: 'member list',
  showMember: 'member show',
  removeMember: 'member remove',
  changeMembers: 'member add',
  apply: 'apply',
  showOperation: { none: 'Commands wait for the answer, and say meanwhile how long.' },
  listNodes: 'node list',
  showNode: 'node show',
  changeNode: 'node label',
  removeNode: 'node remove',
  setRoles: 'node roles',
  createToken: 'token create',
  listTokens: 'token list',
  revokeToken: 'token revoke',
  showGraph: 'graph',
  showConvergence: 'network wait',
  showLink: 'link',
  explainPaths: 'explain',
  showPolicy: 'policy get',
  setPolicy: 'policy set',
  listHistory: 'history',
  streamEvents: 'events',
  listAudit: 'audit',
  createWebhook: 'webhook create',
  listWebhooks: 'webhook list',
  showWebhook: 'webhook show',
  changeWebhook: 'webhook update',
  deleteWebhook: 'webhook delete',
  listWebhookDeliveries: 'webhook deliveries',
  testWebhook: 'webhook test',
  redeliverWebhook: 'webhook redeliver',
}

/** Parameters that commands see to by themselves, or that people call otherwise. */
const OWN = new Set(['project', 'limit', 'cursor', 'confirm', 'dryRun'])
const CALLED: Readonly<Record<string, string>> = {
  scopes: 'scope',
  ttlSeconds: 'ttl',
  networks: 'network',
  labels: 'label',
  from: 'a',
  to: 'b',
}

/** Parameters that stand for something else on the command line, or for nothing. */
const OTHERWISE: Readonly<Partial<Record<OperationId, Readonly<Record<string, string>>>>> = {
  changeMembers: { add: 'the nodes of member add', remove: 'the nodes of member remove' },
  apply: { networks: 'the file', nodes: 'the file' },
  changeNode: { labels: 'the changes' },
  setPolicy: { default: 'the file', rules: 'the file' },
  showGraph: { members: 'spares the console what it has', brief: 'spares the console and weft top reasons' },
  showConvergence: { members: 'who waits wants to know who lags', sort: 'and names only some of them' },
  createWebhook: { events: '--event', enabled: '--disabled' },
  changeWebhook: { events: '--event', url: '--target', enabled: '--enable and --disable' },
}

describe('every ability of REST', () => {
  let operations: Map<string, Operation>
  const commands = new Map<string, Command>()
  before(async () => {
    await using place = await Place.open()
    const document: Document = await documentOf(place)
    operations = new Map([...operationsOf(document).values()].map((one) => [one.operationId, one]))
    for (const [name, { load }] of Object.entries(COMMANDS)) note(await load(), name)
  })
  after(() => commands.clear())

  const note = (command: Command, path: string) => {
    commands.set(path, command)
    for (const child of command.commands) note(child, `${path} ${child.name()}`)
  }
  const source = globSync('src/cli/**/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

  it('is called by a command that there is', () => {
    for (const [id, reach] of Object.entries(REACH)) {
      if (typeof reach !== 'string') continue
      assert.ok(commands.has(reach), `There is no command ${reach} for ${id}.`)
      assert.match(source, new RegExp(`\\b(call|read|list|readRehearsal|callOf)\\(\\s*'${id}'`), id)
    }
  })

  it('has its parameters as options or arguments', () => {
    const missing = [...operations.values()].flatMap((operation) => {
      const reach = REACH[operation.operationId as OperationId]
      if (typeof reach !== 'string') return []
      const command = commands.get(reach)
      // What is exchanged to sign in is made by the command itself.
      if (reach === 'login') return []
      const known = new Set([
        ...(command?.options ?? []).map((option) => option.attributeName()),
        ...(command?.registeredArguments ?? []).map((argument) => argument.name()),
      ])
      const otherwise = OTHERWISE[operation.operationId as OperationId] ?? {}
      return namesOf(operation)
        .filter(
          (name) => !OWN.has(name) && !known.has(CALLED[name] ?? name) && !Object.hasOwn(otherwise, name),
        )
        .map((name) => `weft ${reach} has nothing for ${name} of ${operation.operationId}`)
    })
    assert.deepEqual(missing, [])
  })
})

/** Commands that print nothing, only ever text, or a stream of their own. */
const WITHOUT_JSON = new Set([
  'up',
  'lab',
  'controller',
  'agent',
  'completion',
  'log export',
  'status metrics',
  'logout',
  'profile use',
  'profile delete',
])

describe('every command', () => {
  it('keeps its connection until the last answer is there', () => {
    // `using` closes it when the function returns, be it a promise that is not done.
    for (const file of globSync('src/cli/**/*.ts')) {
      const found = /^.*\breturn (?!await )\w+\((client|inside)\b.*$/m.exec(readFileSync(file, 'utf8'))
      assert.equal(found?.[0], undefined, file)
    }
  })

  const leaves = async () => {
    const all: [path: string, command: Command][] = []
    const walk = (command: Command, path: string) => {
      if (command.registeredArguments.length > 0 || command.commands.length === 0) all.push([path, command])
      for (const child of command.commands) walk(child, `${path} ${child.name()}`)
    }
    for (const [name, { load }] of Object.entries(COMMANDS)) walk(await load(), name)
    return all
  }
  const has = (command: Command, flag: string) => command.options.some(({ long }) => long === flag)

  it('that prints can print JSON, that shows can watch, that cuts off can be told yes', async () => {
    const found = await leaves()
    const withoutJson = found.filter(([path, command]) => !has(command, '--json') && !WITHOUT_JSON.has(path))
    assert.deepEqual(
      withoutJson.map(([path]) => path),
      [],
    )
    const shows = found.filter(([path]) =>
      /(?<!profile|lab) (list|show|get|grants)$|^(graph|explain|link|history)$/.test(path),
    )
    assert.ok(shows.length >= 15)
    assert.deepEqual(
      shows.filter(([, command]) => !has(command, '--watch')).map(([path]) => path),
      [],
    )
    const cuts = found.filter(
      ([path]) => / (delete|remove|unshare)$|^apply$/.test(path) && !path.startsWith('profile'),
    )
    assert.ok(cuts.length >= 5)
    assert.deepEqual(
      cuts.filter(([, command]) => !has(command, '--yes')).map(([path]) => path),
      [],
    )
  })
})

function namesOf({ parameters = [], requestBody }: Operation): string[] {
  const body: unknown = requestBody?.content?.['application/json']?.schema
  const properties =
    typeof body === 'object' && body !== null && 'properties' in body ? Object(body.properties) : {}
  return [
    ...parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name),
    ...Object.keys(properties),
  ]
}
