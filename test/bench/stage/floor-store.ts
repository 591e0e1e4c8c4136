import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'

/** Where the floor keeps what it was sent: a new file, or a stream on a Redis server of this machine that fsyncs always. */
export type Store = { readonly file: string } | { readonly redisPort: number }

/** Keeps texts, one row each; resolves when they are durable. */
type Keep = (texts: readonly string[]) => Promise<void>

/** Milliseconds in which what comes is gathered. */
const GROUP_WAIT = 2

/** Keeps texts in groups: what comes while one is under way goes with the next. Resolves when this one is durable. */
export function inGroups(store: Store): (text: string) => Promise<void> {
  const keep = 'file' in store ? rowsIn(store.file) : streamAt(store.redisPort)
  let waiting: { readonly text: string; readonly end: PromiseWithResolvers<void> }[] = []
  let isUnderWay = false
  const send = async () => {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      await keep(group.map(({ text }) => text))
      for (const { end } of group) end.resolve()
    }
    isUnderWay = false
  }
  return (text) => {
    const end = Promise.withResolvers<void>()
    waiting.push({ text, end })
    if (!isUnderWay) setTimeout(send, GROUP_WAIT)
    isUnderWay = true
    return end.promise
  }
}

function rowsIn(file: string): Keep {
  const database = new DatabaseSync(file)
  database.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entry(id INTEGER PRIMARY KEY, body TEXT)',
  )
  const insert = database.prepare('INSERT INTO entry(body) VALUES (?)')
  return async (texts) => {
    database.exec('BEGIN')
    for (const text of texts) insert.run(text)
    database.exec('COMMIT')
  }
}

function streamAt(port: number): Keep {
  const redis = new Redis({ port })
  return async (texts) => {
    const pipeline = redis.pipeline()
    for (const text of texts) pipeline.xadd('floor', '*', 'body', text)
    const replies = await pipeline.exec()
    const failed = replies?.find(([error]) => error)
    if (failed?.[0]) throw failed[0]
  }
}
