// Figures of REST with many tenants: node --expose-gc test/api/figures.ts [PROJECTS]
// Memory with 100 members in 10 networks of each project, and the times of lists, filters, reads and writes at that size.

import { randomBytes } from 'node:crypto'
import { parseCidr } from '../../src/address/cidr.ts'
import { toPublicKey } from '../../src/keys/wireguard.ts'
import type { Event } from '../../src/model/event.ts'
import { ID_BYTES, type ProjectId, toNetworkId, toProjectId } from '../../src/model/names.ts'
import { Inside } from './inside.ts'
import { enrolment, makeToken } from './tenants.ts'

const PROJECTS = Number(process.argv[2] ?? 1_000)
const NETWORKS = 10
const MEMBERS = 10
/** Callers at the same time. */
const CALLERS = 50
const ASKED = 2_000
/** Bytes of a sealed member key. */
const SEALED_BYTES = 80

async function main(): Promise<void> {
  await using inside = await Inside.open({ requestsPerSecond: 1_000_000 })
  const before = memory()
  const projects: ProjectId[] = []
  const start = performance.now()
  for (let at = 0; at < PROJECTS; at++) {
    const id = toProjectId(randomBytes(ID_BYTES))
    projects.push(id)
    await inside.change(() => ({ events: tenant(id, at), result: undefined }))
  }
  const { projects: made, networks, nodes } = inside.state
  say(`${made.size - 1} projects, ${networks.size} networks, ${nodes.size} nodes, as many members`)
  say(`made in ${Math.round(performance.now() - start)} ms; heap +${memory() - before} MB`)
  const project = projects[Math.floor(PROJECTS / 2)]
  if (!project) return
  const token = await makeToken(inside, { name: 'x', role: 'operator', project })
  const network = [...(inside.state.networksByName.get(project)?.values() ?? [])][0]
  for (const path of [
    '/v1/networks',
    '/v1/networks?name=w-5',
    '/v1/networks?sort=-createdAt&topology=mesh',
    '/v1/nodes',
    '/v1/nodes?label=rack=r7',
    '/v1/nodes?online=false&sort=-enrolledAt&limit=20',
    `/v1/networks/${network}`,
    `/v1/networks/${network}/members`,
    `/v1/networks/${network}/members?state=offline&sort=name`,
  ]) {
    await measure(`GET ${path}`, () => inside.call('GET', path, { token }))
  }
  for (const path of ['/v1/projects?limit=100', '/v1/projects?name=p-77&sort=-createdAt', '/v1/api-tokens']) {
    await measure(`GET ${path} (global)`, () => inside.call('GET', path))
  }
  let count = 0
  await measure('POST /v1/tokens (in memory, not on a disk)', () => {
    count += 1
    return inside.call('POST', '/v1/tokens', { token, body: { uses: count } })
  })
}

function tenant(id: ProjectId, at: number): Event[] {
  const events: Event[] = [{ type: 'project-created', at, id, name: `p-${at}` }]
  for (let index = 0; index < NETWORKS; index++) {
    const network = toNetworkId(randomBytes(ID_BYTES))
    events.push({
      type: 'network-created',
      at: index,
      id: network,
      project: id,
      name: `w-${index}`,
      ipv4: parseCidr(`10.${64 + index}.0.0/16`),
      ipv6: parseCidr(`fd00:0:${index + 1}::/48`),
      nodePrefixLength: 24,
      topology: 'mesh',
      keyCustody: 'controller',
    })
    for (let slot = 1; slot <= MEMBERS; slot++) {
      const node = { ...enrolment(id), at: slot, labels: { site: `s${index}`, rack: `r${slot}` } }
      const publicKey = toPublicKey(randomBytes(32))
      const sealedKey = randomBytes(SEALED_BYTES).toString('base64')
      const added = { network, node: node.id, slot, keyVersion: slot + 1, publicKey, sealedKey, at: slot }
      events.push(node, { type: 'member-added', ...added })
    }
  }
  return events
}

async function measure(what: string, ask: () => Promise<{ readonly status: number }>): Promise<void> {
  const times: number[] = []
  let left = ASKED
  const start = performance.now()
  const began = process.cpuUsage()
  const caller = async () => {
    while (left-- > 0) {
      const asked = performance.now()
      const { status } = await ask()
      if (status >= 300) throw new Error(`${what}: ${status}`)
      times.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const rate = Math.round(ASKED / ((performance.now() - start) / 1_000))
  times.sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1)
  const { user, system } = process.cpuUsage(began)
  // What else the machine does counts in the rate, and not in this.
  const each = ((user + system) / 1_000 / ASKED).toFixed(2)
  say(
    `${what}: ${each} ms of processor each; ${rate}/s; with ${CALLERS} at once p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
}

function memory(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()
