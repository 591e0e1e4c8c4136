import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { Place } from '../api/fixture.ts'

const ALERTS = 'deploy/monitoring/alerts.yaml'
const DASHBOARD = 'deploy/monitoring/grafana.json'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}

test('every metric in alerts and dashboard is one that a controller has', async () => {
  await using place = await Place.open()
  await place.get('/v1/networks')
  const { text } = await place.get('/metrics')
  const known = new Set(text.match(/^[a-z0-9_]+/gm))
  for (const file of [ALERTS, DASHBOARD]) {
    const used = new Set(expressionsIn(file).flatMap((text) => text.match(METRIC) ?? []))
    assert.ok(used.size >= 5, `${file} uses some`)
    for (const name of used) assert.ok(known.has(name), `${name} in ${file}`)
  }
})

test('every metric of ours is on the dashboard or watched by an alert', async () => {
  await using place = await Place.open()
  const { text } = await place.get('/metrics')
  const own = [...text.matchAll(/^# TYPE (weft_\w+)/gm)].map(([, name = '']) => name)
  const used = [ALERTS, DASHBOARD].flatMap(expressionsIn).join('\n')
  assert.ok(own.length >= 10)
  assert.deepEqual(
    own.filter((name) => !used.includes(name)),
    [],
  )
})

test('every metric of ours is named as Prometheus wants it', async () => {
  await using place = await Place.open()
  const { text } = await place.get('/metrics')
  const types = [...text.matchAll(/^# TYPE (weft_\w+) (\w+)$/gm)]
  for (const [, name = '', type = ''] of types) {
    assert.match(text, new RegExp(`^# HELP ${name} [A-Z].*\\.$`, 'm'), name)
    assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`)
    // Base units, in the name: https://prometheus.io/docs/practices/naming/
    assert.doesNotMatch(name, /_(ms|milliseconds|kb|kilobytes|minutes|percent)\b/, name)
    if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/)
  }
})

test('every alert says what is wrong and what to do', () => {
  for (const { alert, annotations } of rules()) {
    assert.ok(annotations.summary && annotations.description, alert)
  }
})

/** Names of our own metrics, and those that the runtime has. */
const METRIC = /\b(weft|nodejs|process)_[a-z0-9_]+/g

function expressionsIn(file: string): string[] {
  if (file === ALERTS) return rules().map(({ expr }) => expr)
  const { panels }: { panels: { targets: { expr: string }[] }[] } = JSON.parse(readFileSync(file, 'utf8'))
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
}

function rules(): Rule[] {
  const { groups }: { groups: { rules: Rule[] }[] } = parse(readFileSync(ALERTS, 'utf8'))
  return groups.flatMap((group) => group.rules)
}
