import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { LOG_FILE, NOTES_FILE } from '../../../src/controller/home.ts'
import { openRedisLog } from '../../../src/log/redis/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import { copyLog } from '../../../src/log/transfer.ts'
import { type RedisSite, startSingle } from '../../redis/site.ts'
import { BenchController } from './controller.ts'
import type { StageSettings } from './controller-process.ts'
import type { Population } from './population.ts'

const LEVEL = 'restart-only'

/** Several controllers, each a process, on one Redis server to which the log of a population has moved. */
export class BenchFleet implements AsyncDisposable {
  readonly controllers: readonly BenchController[]
  readonly #site: RedisSite

  private constructor(controllers: readonly BenchController[], site: RedisSite) {
    this.controllers = controllers
    this.#site = site
  }

  static async start(population: Population, count: number): Promise<BenchFleet> {
    await using stack = new AsyncDisposableStack()
    const site = stack.use(await startSingle())
    await moveTo(site, population)
    const own: StageSettings = { store: 'redis', redisUrls: [...site.urls], redisLevel: LEVEL }
    const controllers: BenchController[] = []
    for (let at = 0; at < count; at++) {
      // A home of its own with the same keys.
      const dataDir = `${population.dataDir}/replica-${at}`
      await mkdir(dataDir)
      for (const file of ['wrapping.key', NOTES_FILE])
        await cp(join(population.dataDir, file), join(dataDir, file))
      controllers.push(stack.use(await BenchController.start({ ...population, dataDir }, { own })))
    }
    stack.move()
    return new BenchFleet(controllers, site)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.controllers.map((controller) => controller.kill()))
    await this.#site[Symbol.asyncDispose]()
  }
}

async function moveTo(site: RedisSite, { dataDir }: Population): Promise<void> {
  await using source = await openSqliteLog(join(dataDir, LOG_FILE))
  await using log = await openRedisLog({ urls: site.urls, realm: 'weft', level: LEVEL, writer: 'settler' })
  await copyLog(source, log)
}
