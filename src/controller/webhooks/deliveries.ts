import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** A message to a receiver, and how it went: what people see. */
export interface Delivery {
  /** The `webhook-id` of the message, the same at each attempt. */
  readonly id: string
  readonly webhook: string
  readonly type: 'change' | 'ping'
  /** The entry of the log that it tells of; absent for a ping. */
  readonly sequence?: number
  readonly state: 'delivered' | 'retrying' | 'failed'
  readonly attempts: number
  /** Milliseconds since 1970: of the first attempt, the last, and the next. */
  readonly firstAt: number
  readonly lastAt: number
  readonly nextAt?: number
  /** What was answered at the last attempt; absent: nothing. */
  readonly status?: number
  /** Why the last attempt failed. */
  readonly error?: string
  /** Of the last attempt, in ms. */
  readonly took: number
  /** Of the request by which somebody asked for it, so that a repeated one does nothing. */
  readonly request?: string
}

/** How far a webhook is. */
export interface Standing {
  /** The last entry that need not be told any more, and its hash: another one there is another log. */
  readonly sequence: number
  readonly hash: string
  /** Since when nothing succeeds, in ms since 1970. */
  readonly failingSince?: number
}

/** Where it stands how far each webhook is, and how its last deliveries went. Outlives the process; may be lost. */
export interface DeliveryStore {
  standing(webhook: string): Promise<Standing | undefined>
  note(webhook: string, standing: Standing): Promise<void>
  /** Keeps it in place of an earlier one of the same id; of a webhook the last DELIVERIES_KEPT. */
  put(delivery: Delivery): Promise<void>
  /** The latest first. */
  list(webhook: string): Promise<readonly Delivery[]>
  forget(webhook: string): Promise<void>
}

export const DELIVERIES_KEPT = 200

/** In a file beside the log of a single controller. */
export class SqliteDeliveries implements DeliveryStore, Disposable {
  readonly #database: DatabaseSync
  readonly #statements: Readonly<Record<'standing' | 'note' | 'put' | 'trim' | 'list', StatementSync>>
  readonly #forget: readonly StatementSync[]

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    this.#database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF;
      CREATE TABLE IF NOT EXISTS standings (webhook TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS deliveries
        (webhook TEXT, id TEXT, first INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (webhook, id)) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS deliveries_in_order ON deliveries (webhook, first);`)
    const prepare = (sql: string) => this.#database.prepare(sql)
    this.#statements = {
      standing: prepare('SELECT text FROM standings WHERE webhook = ?'),
      note: prepare('INSERT OR REPLACE INTO standings (webhook, text) VALUES (?, ?)'),
      put: prepare('INSERT OR REPLACE INTO deliveries (webhook, id, first, text) VALUES (?, ?, ?, ?)'),
      trim: prepare(`DELETE FROM deliveries WHERE webhook = ?1 AND id IN
        (SELECT id FROM deliveries WHERE webhook = ?1 ORDER BY first DESC, id DESC LIMIT -1 OFFSET ${DELIVERIES_KEPT})`),
      list: prepare('SELECT text FROM deliveries WHERE webhook = ? ORDER BY first DESC, id DESC'),
    }
    this.#forget = ['standings', 'deliveries'].map((table) =>
      prepare(`DELETE FROM ${table} WHERE webhook = ?`),
    )
  }

  async standing(webhook: string): Promise<Standing | undefined> {
    const row = this.#statements.standing.get(webhook)
    return row && parseStanding(String(row.text))
  }

  async note(webhook: string, standing: Standing): Promise<void> {
    this.#statements.note.run(webhook, JSON.stringify(standing))
  }

  async put(delivery: Delivery): Promise<void> {
    const { webhook, id, firstAt } = delivery
    this.#statements.put.run(webhook, id, firstAt, JSON.stringify(delivery))
    this.#statements.trim.run(webhook)
  }

  async list(webhook: string): Promise<readonly Delivery[]> {
    return this.#statements.list.all(webhook).flatMap(({ text }) => parseDelivery(String(text)) ?? [])
  }

  async forget(webhook: string): Promise<void> {
    for (const statement of this.#forget) statement.run(webhook)
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

/** Undefined for what is not ours: it may be lost, so it may be wrong. */
export function parseStanding(text: string): Standing | undefined {
  const value = parse(text)
  return isStanding(value) ? value : undefined
}

export function parseDelivery(text: string): Delivery | undefined {
  const value = parse(text)
  return isDelivery(value) ? value : undefined
}

function isStanding(value: unknown): value is Standing {
  if (typeof value !== 'object' || value === null) return false
  return (
    'sequence' in value &&
    typeof value.sequence === 'number' &&
    'hash' in value &&
    typeof value.hash === 'string'
  )
}

function isDelivery(value: unknown): value is Delivery {
  if (typeof value !== 'object' || value === null) return false
  if (!('id' in value && 'webhook' in value && 'state' in value && 'firstAt' in value)) return false
  return typeof value.id === 'string' && typeof value.firstAt === 'number'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
