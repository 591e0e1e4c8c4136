import { useMemo, useRef, useState } from 'preact/hooks'
import type { Graph, LinkChanges } from '../../client/operations.ts'
import { drawDifference, drawPreview } from '../graph/difference.ts'
import { type Drawing, drawingOf, endsOf, groupNamed, groupOf } from '../graph/drawing.ts'
import { nodeMatches } from '../graph/filter.ts'
import { GraphModel } from '../graph/model.ts'
import { useOutsiders } from '../graph/outsiders.ts'
import { type Source, useSource } from '../graph/source.ts'
import { readView, toggled, type View, writeOpen } from '../graph/view.ts'
import { useKeys } from '../keys.ts'
import { type Past, TimeSlider, usePast } from '../panels/history.tsx'
import { Legend } from '../panels/legend.tsx'
import { Notice } from '../panels/notice.tsx'
import { Picture } from '../panels/picture.tsx'
import { Side } from '../panels/side.tsx'
import { Title } from '../panels/title.tsx'
import { Toolbar } from '../panels/toolbar.tsx'
import { change, route } from '../route.ts'
import { useStore } from '../store.ts'

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
      <Title name={name} live={live} isPast={view.revision !== undefined} />
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
          <Side
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
