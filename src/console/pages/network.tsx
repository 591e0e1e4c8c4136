import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Graph, LinkChanges } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { drawDifference, drawPreview } from '../graph/difference.ts'
import { type Drawing, drawingOf, endsOf, groupNamed, groupOf } from '../graph/drawing.ts'
import { isFiltering, linkMatches, nodeMatches } from '../graph/filter.ts'
import { GraphModel, type LiveLink } from '../graph/model.ts'
import { type Source, useSource } from '../graph/source.ts'
import { readView, type View, writeOpen } from '../graph/view.ts'
import { AddDialog, JoinDialog } from '../panels/acts.tsx'
import { GroupTable } from '../panels/groups.tsx'
import { Health } from '../panels/health.tsx'
import { History, type Past, TimeSlider, usePast } from '../panels/history.tsx'
import { Inspector } from '../panels/inspector.tsx'
import { Legend } from '../panels/legend.tsx'
import { Notice } from '../panels/notice.tsx'
import { Picture } from '../panels/picture.tsx'
import { PolicyPanel } from '../panels/policy.tsx'
import { LinkTable, MemberTable } from '../panels/tables.tsx'
import { Toolbar } from '../panels/toolbar.tsx'
import { useRight } from '../rights.ts'
import { change, route } from '../route.ts'
import { useStore } from '../store.ts'
import { plural } from '../text.ts'

const TABS = ['links', 'members', 'policy', 'history'] as const
type Tab = (typeof TABS)[number]

/** One network: its graph, now and at any revision, and everything about what is selected in it. */
export function Network({ name }: { readonly name: string }) {
  const { query } = useStore(route)
  const view = useMemo(() => readView(query), [query])
  const live = useSource(name, view)
  const past = usePast(name, view)
  const source = useMemo(() => asOf(live, past.shown), [live.model, live.version, live.by, past.shown])
  const outsiders = useOutsiders(live.model, live.version)
  const [preview, setPreview] = useState<LinkChanges>()
  const drawing = useMemo(() => {
    const plain = drawAll(source, past, view, outsiders)
    return preview ? drawPreview(plain, preview) : plain
  }, [source, past, view, outsiders, preview])
  useKeys(view)
  const { model } = source
  const nameOf = (id: string) =>
    model?.nodes.get(id)?.name ?? live.model?.nodes.get(id)?.name ?? outsiders.get(id) ?? id
  const select = (ids: readonly string[]) => {
    const closed = ids.flatMap((id) => {
      const node = model?.nodes.get(id)
      return node && source.by !== undefined ? [groupOf(node, source.by)] : []
    })
    const open = [...new Set([...view.open, ...closed])]
    change({ sel: ids.join(','), ...(open.length > view.open.length ? { open: writeOpen(open) } : {}) })
  }
  const zoomed = useRef(new Set<string>())
  const near = (key: string | undefined) => {
    const group = key === undefined ? undefined : groupNamed(key)
    if (group === undefined ? zoomed.current.size === 0 : view.open.includes(group)) return
    const open =
      group === undefined ? view.open.filter((each) => !zoomed.current.has(each)) : [...view.open, group]
    if (group === undefined) zoomed.current.clear()
    else zoomed.current.add(group)
    change({ open: writeOpen(open) }, { replace: true })
  }
  const choose = (key: string, more: boolean) => {
    const group = groupNamed(key)
    if (group !== undefined) return change({ open: writeOpen(toggled(view.open, group)) })
    const [first] = view.selected
    select(more && first !== undefined && first !== key ? [first, key] : [key])
  }
  return (
    <main class="network" id="main" tabIndex={-1}>
      <Head name={name} live={live} isPast={view.revision !== undefined} />
      <Toolbar view={view} by={source.by} labels={labelsOf(model)} />
      <Notice error={live.error ?? past.error} />
      <div class="stage">
        <div class="left">
          <Picture
            drawing={drawing}
            summary={summaryOf(name, model, drawing)}
            shown={view.search !== '' ? onlyMatch(model, view) : undefined}
            onNode={choose}
            onEdge={(key) => {
              const ends = endsOf(key)
              if (ends) select(ends)
            }}
            onGround={() => view.selected.length > 0 && change({ sel: undefined })}
            onNear={near}
          />
          <Legend />
          {live.model && <TimeSlider latest={live.model.graph.revision} view={view} />}
        </div>
        {model && (
          <Panel
            name={name}
            model={model}
            live={live}
            by={source.by}
            view={view}
            past={past}
            preview={preview}
            onPreview={setPreview}
            nameOf={nameOf}
            onSelect={select}
          />
        )}
      </div>
    </main>
  )
}

function Head({
  name,
  live: { model, isLive, version },
  isPast,
}: {
  readonly name: string
  readonly live: Source
  readonly isPast: boolean
}) {
  const [dialog, setDialog] = useState<'join' | 'add'>()
  const mayAdd = useRight('members:write')
  const mayInvite = useRight('tokens:write')
  const members = useMemo(() => new Set(model?.nodes.keys()), [model, version])
  return (
    <div class="title">
      <h1>{name}</h1>
      {model && !isPast && <Health graph={{ counts: model.counts(), members: model.members() }} />}
      {model && (
        <span class="muted figures" data-figures>
          {plural(model.members().all, 'member')} · {plural(model.counts().links, 'link')} ·{' '}
          {model.counts().up} up · {model.counts().relayed} relayed · revision {model.graph.revision}
        </span>
      )}
      <span class={`live ${isLive ? 'on' : 'off'}`} role="status">
        <span class="dot" aria-hidden="true" />
        {isLive ? 'live' : 'not live'}
      </span>
      <span class="grow" />
      {mayAdd && (
        <button type="button" onClick={() => setDialog('add')}>
          Add a node
        </button>
      )}
      {mayInvite && (
        <button type="button" class="primary" onClick={() => setDialog('join')}>
          Join a machine
        </button>
      )}
      {dialog === 'join' && <JoinDialog network={name} onClose={() => setDialog(undefined)} />}
      {dialog === 'add' && (
        <AddDialog network={name} members={members} onClose={() => setDialog(undefined)} />
      )}
    </div>
  )
}

interface PanelProps {
  readonly name: string
  readonly model: GraphModel
  readonly live: Source
  /** The label by which members are grouped. */
  readonly by: string | undefined
  readonly view: View
  readonly past: Past
  readonly preview: LinkChanges | undefined
  readonly onPreview: (changes: LinkChanges | undefined) => void
  readonly nameOf: (id: string) => string
  readonly onSelect: (ids: readonly string[]) => void
}

function Panel(props: PanelProps) {
  const { name, model, live, view, past, nameOf, onSelect } = props
  const { query } = useStore(route)
  const tab: Tab = TABS.find((each) => each === query.get('tab')) ?? 'links'
  const nodes = [...model.nodes.values()]
    .filter((node) => nodeMatches(node, view))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const links = linksOf(model, view, new Set(nodes.map(({ id }) => id)))
  return (
    <aside class="panel" aria-label="About what is shown">
      {view.selected.length > 0 && (
        <section class="inspector" data-inspector>
          <button
            type="button"
            class="quiet close"
            aria-label="Close"
            onClick={() => change({ sel: undefined })}
          >
            ✕
          </button>
          <Inspector
            network={name}
            model={model}
            version={live.version}
            selected={view.selected}
            nameOf={nameOf}
            onSelect={onSelect}
          />
        </section>
      )}
      <div class="tabs" role="tablist">
        {TABS.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            aria-selected={each === tab}
            onClick={() => change({ tab: each === 'links' ? undefined : each }, { replace: true })}
          >
            {each}
          </button>
        ))}
      </div>
      <div role="tabpanel" class="tabpanel">
        {tab === 'links' && props.by !== undefined && (
          <GroupTable
            by={props.by}
            groups={model.graph.groups}
            between={model.graph.between}
            open={view.open}
            onToggle={(group) => change({ open: writeOpen(toggled(view.open, group)) })}
          />
        )}
        {tab === 'links' && (
          <LinkTable
            links={links}
            omitted={model.counts().links - model.links.size}
            nameOf={nameOf}
            onSelect={(a, b) => onSelect([a, b])}
          />
        )}
        {tab === 'members' && <MemberTable nodes={nodes} onSelect={(id) => onSelect([id])} />}
        {tab === 'policy' && (
          <PolicyPanel
            network={name}
            revision={model.graph.revision}
            preview={props.preview}
            onPreview={props.onPreview}
            nameOf={nameOf}
          />
        )}
        {tab === 'history' && (
          <History network={name} latest={live.model?.graph.revision ?? 1} view={view} past={past} />
        )}
      </div>
    </aside>
  )
}

/** The links that the view leaves; with a search, those that have an end that matches. */
function linksOf(model: GraphModel, view: View, matching: ReadonlySet<string>) {
  const links = [...model.links.values()].filter((link) => linkMatches(link, view)).sort(byTrouble)
  if (!isFiltering({ ...view, states: [], paths: [] })) return links
  return links.filter(({ a, b }) => matching.has(a) || matching.has(b))
}

/** What does not work comes first, then what carries most. */
function byTrouble(one: LiveLink, other: LiveLink): number {
  const rank = ({ state }: LiveLink) => TROUBLE.indexOf(state)
  return (
    rank(one) - rank(other) ||
    other.rate - one.rate ||
    other.rxBytes + other.txBytes - one.rxBytes - one.txBytes
  )
}

const TROUBLE = ['down', 'stale', 'pending', 'up'] as const

/** The model of what is shown: the live one, or one of a revision of the past. */
function asOf(
  live: Source,
  shown: Graph | undefined,
): Pick<Source, 'model' | 'by'> & { readonly version: number } {
  if (!shown) return { model: live.model, by: live.by, version: live.version }
  return { model: new GraphModel(shown, Date.now()), by: undefined, version: -1 }
}

const NOTHING: Drawing = { nodes: [], edges: [] }

function drawAll(
  { model, by }: Pick<Source, 'model' | 'by'>,
  { shown, against }: Past,
  view: View,
  outsiders: ReadonlyMap<string, string>,
): Drawing {
  if (shown && against) return drawDifference(against, shown, view.selected)
  if (!model) return NOTHING
  return drawingOf({
    nodes: model.nodes.values(),
    links: model.links.values(),
    between: model.graph.between,
    groups: model.graph.groups,
    apart: model.graph.apart,
    by,
    view,
    outsiders,
  })
}

/** Names of relays that carry links here and are no members. */
function useOutsiders(model: GraphModel | undefined, version: number): ReadonlyMap<string, string> {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map())
  const unknown = useMemo(() => {
    const relays = new Set(
      [...(model?.links.values() ?? [])].flatMap(({ via }) => (via === null ? [] : [via])),
    )
    return [...relays]
      .filter((id) => !model?.nodes.has(id))
      .sort()
      .join()
  }, [model, version])
  useEffect(() => {
    for (const id of unknown.split(',').filter((each) => each !== '' && !names.has(each)))
      api.call('showNode', { path: { node: id } }).then(
        (node) => setNames((before) => new Map(before).set(id, node.name)),
        () => undefined,
      )
  }, [unknown])
  return names
}

/** Keys that work everywhere but where somebody types. */
function useKeys(view: View): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
      if (
        isTyping ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector('dialog[open]')
      )
        return
      if (event.key === '/') {
        event.preventDefault()
        document.getElementById('search')?.focus()
      }
      if (event.key === 'Escape') change({ sel: undefined, focus: undefined })
      if (event.key === 'f') change({ focus: view.focus ? undefined : '1' }, { replace: true })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [view.focus])
}

function labelsOf(model: GraphModel | undefined): string[] {
  return [...new Set([...(model?.nodes.values() ?? [])].flatMap(({ labels }) => Object.keys(labels)))].sort()
}

function onlyMatch(model: GraphModel | undefined, view: View): string | undefined {
  const matches = [...(model?.nodes.values() ?? [])].filter((node) => nodeMatches(node, view))
  return matches.length === 1 ? matches[0]?.id : undefined
}

function summaryOf(name: string, model: GraphModel | undefined, { nodes, edges }: Drawing): string {
  if (!model) return `The graph of ${name} is on its way.`
  const { links, up } = model.counts()
  return `The graph of ${name}: ${model.members().all} members and ${links} links, of which ${up} are up; ${nodes.length} nodes and ${edges.length} lines are drawn. The tables beside it say the same.`
}

function toggled(open: readonly string[], group: string): string[] {
  return open.includes(group) ? open.filter((each) => each !== group) : [...open, group]
}
