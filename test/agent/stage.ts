import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { openHome } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { signRemoval } from '../../src/protocol/content.ts'
import { type AgentFrame, encodeFrame, parseControllerFrame } from '../../src/protocol/frames.ts'
import { loadSettings } from '../../src/settings.ts'
import type { InterfaceName, ObservedDevice } from '../../src/wireguard/device.ts'
import type { PaperMesh } from '../bench/stage/mesh.ts'
import { eventually } from '../rig.ts'
import { HandClock } from './clock.ts'
import { StuckDriver } from './stuck.ts'

/** Who the agent is. */
export const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))

/** An agent whose controller is what the test makes of it. */
export class Stage implements AsyncDisposable {
  /** Of the run that is going on. */
  clock = new HandClock()
  readonly driver = new StuckDriver()
  /** What the agent wrote into its log. */
  readonly lines: string[] = []
  readonly #stateDir: string
  #node: Node | undefined

  private constructor(stateDir: string) {
    this.#stateDir = stateDir
  }

  static async open(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'weft-departures-')))
  }

  /** A new run of the agent, as after a crash: nothing is left of the one before but interfaces and files. */
  async start(mesh: PaperMesh): Promise<Node> {
    this.clock = new HandClock()
    const settings = {
      ...loadSettings(agentSettings, { environment: {}, flags: {} }),
      stateDir: this.#stateDir,
    }
    const node = new Node({
      settings,
      home: await openHome(settings, systemRandom),
      identity,
      controllerKey: mesh.signing.publicKey,
      driver: this.driver,
      clock: this.clock,
      random: systemRandom,
      log: pino({}, { write: (line: string) => void this.lines.push(line) }),
      underlay: () => ({ addresses: [], mtu: 1_500, families: [4] }),
    })
    this.#node = node
    await node.restore()
    return node
  }

  /** Brings up a network, to the end. */
  async join(node: Node, mesh: PaperMesh, frames = [mesh.self(), mesh.news()]): Promise<InterfaceName> {
    const before = await this.driver.list('')
    const said: AgentFrame[] = []
    node.attach((frame) => said.push(frame))
    for (const frame of frames) await node.take(parseControllerFrame(frame))
    const isApplied = () => said.some((frame) => frame.type === 'applied' && frame.network === mesh.network)
    await eventually(`it is up: ${JSON.stringify(said)}`, isApplied)
    const names = await this.driver.list('')
    return names.find((name) => !before.includes(name)) ?? names[0] ?? assert.fail('no interface')
  }

  /** What is kept of networks. */
  async files(): Promise<readonly string[]> {
    // One may go while the others are read.
    const texts = (await this.#paths()).map((path) => readFile(path, 'utf8').catch(() => undefined))
    return (await Promise.all(texts)).filter((text) => text !== undefined)
  }

  /** Puts something else in place of all that is kept of networks. */
  async damage(text: string): Promise<void> {
    await Promise.all((await this.#paths()).map((path) => writeFile(path, text)))
  }

  /** Has every write and read of what is kept of networks, or of one, fail, until the end of what is given. */
  async block(network = ''): Promise<AsyncDisposable> {
    const paths = (await this.#paths()).filter((path) => path.includes(network))
    const kept = await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const))
    for (const [path] of kept) {
      await rm(path)
      await mkdir(path)
    }
    const free = async () => {
      for (const [path, bytes] of kept) {
        await rm(path, { recursive: true })
        await writeFile(path, bytes)
      }
    }
    return { [Symbol.asyncDispose]: free }
  }

  /** Has nothing of what is kept of networks be found or deleted, until the end of what is given. */
  async hide(): Promise<AsyncDisposable> {
    const directory = join(this.#stateDir, 'networks')
    await rename(directory, `${directory}.hidden`)
    await writeFile(directory, '')
    const free = async () => {
      await rm(directory)
      await rename(`${directory}.hidden`, directory)
    }
    return { [Symbol.asyncDispose]: free }
  }

  async #paths(): Promise<readonly string[]> {
    const directory = join(this.#stateDir, 'networks')
    return (await readdir(directory)).map((name) => join(directory, name))
  }

  async peersOf(name: InterfaceName): Promise<number> {
    return (await this.#observe(name)).peers.size
  }

  /** What was begun by now is done, and the interface is as it should be. */
  async expectPeers(name: InterfaceName, count: number, why: string): Promise<void> {
    await turn()
    assert.equal(await this.peersOf(name), count, why)
  }

  async portOf(name: InterfaceName): Promise<number> {
    return (await this.#observe(name)).listenPort
  }

  async #observe(name: InterfaceName): Promise<ObservedDevice> {
    return (await this.driver.open(name)).observe()
  }

  /** Lets time pass until it is so. */
  async until(what: string, check: () => Promise<boolean>): Promise<void> {
    await eventually(what, async () => {
      this.clock.advance(1_000)
      return check()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.driver.busy.clear()
    await this.#node?.removeAll()
    await rm(this.#stateDir, { recursive: true, force: true })
  }
}

/** The word that the agent is no member any more. */
export function removalOf({ network, signing }: PaperMesh) {
  const removal = { network, node: identity.id, epoch: 1, revision: 1_000 }
  return parseControllerFrame(encodeFrame({ type: 'removed', ...signRemoval(removal, signing) }))
}
