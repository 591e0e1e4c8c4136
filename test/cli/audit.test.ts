import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { compareAudit } from '../../src/cli/audit/compare.ts'
import { exportAudit, openExport } from '../../src/cli/audit/export.ts'
import type { AuditFilters } from '../../src/cli/audit/query.ts'
import { recordText } from '../../src/cli/audit/text.ts'
import { Client } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { createProject } from '../../src/controller/commands/project.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { exportLog, openImport } from '../../src/log/export.ts'
import { openSource } from '../../src/log/source.ts'
import { Place } from '../api/fixture.ts'

describe('an export of the audit', () => {
  let place: Place
  let dir: string
  before(async () => {
    place = await Place.open()
    dir = await mkdtemp(join(tmpdir(), 'weft-audit-'))
    await place.post('/v1/networks', { name: 'demo' }, { headers: { 'idempotency-key': 'once' } })
    for (const name of ['a', 'b']) {
      await place.enrol(name)
      await place.post('/v1/networks/demo/members', { node: name })
    }
    await place.call('PATCH', '/v1/nodes/a', { body: { labels: { rack: 'a1' } } })
    await place.delete('/v1/nodes/b')
  })
  after(async () => {
    await place[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  let files = 0
  const exportTo = async (file: string, filters: AuditFilters = {}, token = place.token) => {
    const url = `https://127.0.0.1:${place.port}#${place.controller.authority.fingerprint}`
    using client = new Client(parseControllerUrl(url), new SecretBytes(Buffer.from(token)))
    return await exportAudit(client, file, filters)
  }
  const exported = async (filters: AuditFilters = {}, token = place.token) => {
    const file = join(dir, `audit-${++files}.jsonl`)
    return { file, ...(await exportTo(file, filters, token)) }
  }
  const verify = async (file: string) => {
    using source = openSource(join(place.dataDir, 'log.db'))
    return await compareAudit(await openExport(file), source)
  }
  const altered = async (change: (lines: string[]) => string[]) => {
    const { file } = await exported({ allProjects: true })
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    const to = join(dir, 'altered.jsonl')
    await writeFile(to, `${change(lines).join('\n')}\n`)
    return verify(to)
  }

  it('is what the log says, whatever it was filtered by and whoever looked', async () => {
    const { sequence } = place.controller.state
    const whole = await exported({ allProjects: true })
    assert.equal(whole.records, sequence)
    const all = await verify(whole.file)
    assert.deepEqual([all.records, all.checked, all.partly, all.unchecked], [sequence, sequence, 0, 0])
    assert.equal(all.head.sequence, sequence)
    await place.controller.change({ actor: 'test' }, (state, tools) =>
      createProject(state, tools, { name: 'acme' }),
    )
    const acme = place.controller.state.projectsByName.get('acme')
    assert.ok(acme)
    const bound = await place.apiToken('acme', { project: acme })
    const cases: [AuditFilters, string?][] = [
      [{}],
      [{ network: 'demo' }],
      [{ node: 'a', action: ['node-labels-set', 'member-added'] }],
      [{ actor: 'first admin', since: new Date(Date.now() - 3_600_000).toISOString() }],
      [{ until: new Date(0).toISOString() }],
      [{}, bound.secret],
    ]
    for (const [filters, token] of cases) {
      const { file, records } = await exported(filters, token)
      const { checked } = await verify(file)
      assert.equal(checked, records, JSON.stringify(filters))
    }
  })

  it('is refused when a record was altered, left out, made up or moved, or the end is cut off', async () => {
    const cases: [what: (lines: string[]) => string[], message: RegExp][] = [
      [(lines) => lines.map((line) => line.replace('"a1"', '"a2"')), /^The record of entry \d+ is not what/],
      [(lines) => lines.map((line) => line.replace('127.0.0.1', '192.0.2.1')), /is not what the log says/],
      [(lines) => recount(lines.toSpliced(3, 1)), /^The record of entry 3 is missing from the export/],
      [(lines) => recount(lines.toSpliced(3, 0, lines[3] ?? '')), /missing from the export/],
      [(lines) => [lines[0] ?? '', ...recount(lines.slice(1).with(0, lines[2] ?? ''))], /missing|not what/],
      [(lines) => lines.slice(0, -1), /cut off or damaged/],
      [
        (lines) => lines.with(0, (lines[0] ?? '').replace(/"hash":"../, '"hash":"00')),
        /the export is not of it/,
      ],
    ]
    for (const [change, message] of cases) {
      await assert.rejects(altered(change), { code: 'digest-mismatch', message }, String(change))
    }
    await assert.rejects(
      altered(() => ['{"weft":"log"}']),
      { code: 'invalid-input' },
    )
  })

  it('writes over nothing, and says what is in the way', async () => {
    const taken = join(dir, 'taken')
    await writeFile(taken, 'mine')
    const field = '--export'
    await assert.rejects(exportTo(taken), { code: 'already-exists', field, message: /taken exists\.$/ })
    assert.equal(await readFile(taken, 'utf8'), 'mine')
    const nowhere = join(dir, 'no', 'folder')
    await assert.rejects(exportTo(nowhere), { code: 'invalid-input', field, message: /no such folder/ })
  })

  it('can be compared with an export of the log, too', async () => {
    const { file, records } = await exported({ allProjects: true })
    const log = join(dir, 'log.jsonl')
    using source = openSource(join(place.dataDir, 'log.db'))
    const lines: string[] = []
    for await (const line of exportLog(source)) lines.push(line)
    await writeFile(log, lines.join(''))
    using imported = await openImport(log)
    assert.equal((await compareAudit(await openExport(file), imported)).checked, records)
  })

  it('is shown to people with what changed', async () => {
    const { body } = await place.get('/v1/audit?action=node-labels-set')
    const text = recordText(body.items[0])
    assert.match(text, /^\d+ {2}\S+Z {2}first admin \(tok-\S+\) by rest from 127\.0\.0\.1, request \S+\n/)
    assert.match(text, /gave a the label rack=a1\n +node a: labels \{\} -> \{"rack":"a1"\}\n$/)
  })
})

/** With the number of records that there are. */
function recount(lines: string[]): string[] {
  const count = lines.filter((line) => line.startsWith('{"sequence"')).length
  return lines.map((line) => (line.startsWith('{"end"') ? JSON.stringify({ end: { records: count } }) : line))
}
