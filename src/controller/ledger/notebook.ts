import { rm } from 'node:fs/promises'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** What notes are about. */
export type Topic = 'report' | 'witnessed' | 'log'

/**
 * What a controller remembers beside the log and may lose: a file of short notes, so that after a restart agents are told
 * only what changed and not where everybody is. Written before it is told, and not forced to the disk: it outlives the
 * process, and after a power cut its last moments may be missing. It is never read again while the process runs.
 */
export class Notebook implements Disposable {
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #onFailure: (cause: unknown) => void
  #isUsable = true

  private constructor(database: DatabaseSync, onFailure: (cause: unknown) => void) {
    this.#database = database
    this.#onFailure = onFailure
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF;
      CREATE TABLE IF NOT EXISTS notes (topic TEXT, about TEXT, text TEXT NOT NULL, PRIMARY KEY (topic, about))
        STRICT, WITHOUT ROWID;`)
    this.#put = database.prepare('INSERT OR REPLACE INTO notes (topic, about, text) VALUES (?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM notes WHERE topic = ? AND about = ?')
  }

  /** Begins with an empty one where the file is no good. `onFailure` hears, once, when no more notes can be taken. */
  static async open(path: string, onFailure: (cause: unknown) => void): Promise<Notebook> {
    try {
      return Notebook.#openFile(path, onFailure)
    } catch {
      for (const file of [path, `${path}-wal`, `${path}-shm`]) await rm(file, { force: true })
      return Notebook.#openFile(path, onFailure)
    }
  }

  static #openFile(path: string, onFailure: (cause: unknown) => void): Notebook {
    const database = new DatabaseSync(path)
    const [check] = database.prepare('PRAGMA quick_check').all()
    if (check?.quick_check === 'ok') return new Notebook(database, onFailure)
    database.close()
    throw new Error('The notes are damaged.')
  }

  put(topic: Topic, about: string, text: string): void {
    this.#attempt(() => this.#put.run(topic, about, text))
  }

  delete(topic: Topic, about: string): void {
    this.#attempt(() => this.#delete.run(topic, about))
  }

  /** All notes of a topic: what about, and the text. */
  all(topic: Topic): (readonly [about: string, text: string])[] {
    const rows = this.#database.prepare('SELECT about, text FROM notes WHERE topic = ?').all(topic)
    return rows.map(({ about, text }) => [String(about), String(text)] as const)
  }

  [Symbol.dispose](): void {
    this.#isUsable = false
    this.#database.close()
  }

  /** A disk that is full, or gone, must not stop anybody: what is lost is convenience. */
  #attempt(write: () => void): void {
    if (!this.#isUsable) return
    try {
      write()
    } catch (cause) {
      this.#isUsable = false
      this.#onFailure(cause)
    }
  }
}
