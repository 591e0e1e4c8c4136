// The controller of a scenario, in a process of its own: the same as `weft controller`, with a tally of what agents
// acknowledge, and with room for more callers of one address that have proven nothing, for here all have the same.

import { openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { destination, pino } from 'pino'
import { startServer } from '../../../src/api/server.ts'
import { systemClock } from '../../../src/clock.ts'
import type { Controller } from '../../../src/controller/controller.ts'
import { openController } from '../../../src/controller/open.ts'
import { type ControllerSettings, controllerSettings } from '../../../src/controller/settings.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { loadSettings } from '../../../src/settings.ts'
import { answerCalls } from '../helper.ts'
import { Tally } from './tally.ts'

const ROOM = 20_000

/** Where the log is, when not in a file; and whether callers are served without TLS. */
export type StageSettings = Partial<
  Pick<ControllerSettings, 'store' | 'redisUrls' | 'redisLevel' | 'insecurePlainWebsocket'>
>

const tally = new Tally()
const profiler = new Session()
let running: Controller | undefined

const calls = {
  /** Serves the log in `dataDir`, or where `own` says, at a port of 127.0.0.1, 0 for any; gives the port. */
  async start(dataDir: string, port: number, own: StageSettings = {}): Promise<number> {
    const flags = { dataDir, listen: [`127.0.0.1:${port}`], ...own }
    const settings = loadSettings(controllerSettings, { environment: {}, flags })
    // As in production: a line for each event, written at once; here to a file.
    const log = pino(
      { level: settings.logLevel },
      destination({ fd: openSync(`${dataDir}/log.jsonl`, 'a'), sync: true }),
    )
    const controller = await openController(settings, { clock: systemClock, random: systemRandom, log })
    running = controller
    const accept = controller.acceptAgent.bind(controller)
    controller.acceptAgent = (socket, channel) => {
      tally.add(socket)
      return accept(socket, channel)
    }
    const server = await startServer(controller, log, { total: ROOM, perAddress: ROOM })
    return Number(server.places[0]?.split(':').at(-1))
  },
  armForRegulars: () => tally.armForRegulars(),
  armFor: (count: number) => tally.armFor(count),
  allAcknowledged: (limit: number) => tally.done(limit),
  /** Of counters, by name. */
  async metrics(): Promise<Readonly<Record<string, number>>> {
    const all = (await running?.metrics.getMetricsAsJSON()) ?? []
    return Object.fromEntries(all.map(({ name, values }) => [name, values[0]?.value ?? 0]))
  },
  /** Milliseconds of CPU so far, of all threads. */
  cpu(): number {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
  /** The same of the main thread alone, by which everybody is served. */
  mainCpu(): number {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1_000
  },
  /** Megabytes. */
  residentMemory: () => process.memoryUsage.rss() / 2 ** 20,
  async startProfile(): Promise<void> {
    profiler.connect()
    await profiler.post('Profiler.enable')
    await profiler.post('Profiler.start')
  },
  async stopProfile(file: string): Promise<void> {
    const { profile } = await profiler.post('Profiler.stop')
    await writeFile(file, JSON.stringify(profile))
    profiler.disconnect()
  },
}

export type ControllerCalls = typeof calls

answerCalls(calls)
