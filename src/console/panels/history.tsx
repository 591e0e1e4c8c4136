import { useEffect, useState } from 'preact/hooks'
import type { Change, Graph } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { differenceOf } from '../graph/difference.ts'
import type { View } from '../graph/view.ts'
import { change } from '../route.ts'
import { plural, when } from '../text.ts'
import { useAct } from './act.ts'
import { useDraft } from './draft.ts'
import { Notice } from './notice.tsx'

/** The graph at a revision, and at the one it is compared with. */
export interface Past {
  readonly shown: Graph | undefined
  readonly against: Graph | undefined
  readonly error: unknown
}

/** Milliseconds that the slider has to rest before the controller is asked. */
const REST = 120

export function usePast(network: string, { revision, against }: Pick<View, 'revision' | 'against'>): Past {
  const [past, setPast] = useState<Past>({ shown: undefined, against: undefined, error: undefined })
  useEffect(() => {
    const stop = new AbortController()
    const graphAt = (at: number | undefined) =>
      at === undefined
        ? undefined
        : api.call(
            'showGraph',
            { path: { network }, query: { brief: true, links: 5_000, revision: at } },
            stop.signal,
          )
    const timer = setTimeout(async () => {
      try {
        const [shown, other] = await Promise.all([graphAt(revision), graphAt(against)])
        if (!stop.signal.aborted) setPast({ shown, against: other, error: undefined })
      } catch (error) {
        if (!stop.signal.aborted) setPast({ shown: undefined, against: undefined, error })
      }
    }, REST)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [network, revision, against])
  return revision === undefined ? { shown: undefined, against: undefined, error: undefined } : past
}

interface SliderProps {
  readonly latest: number
  readonly view: View
}

/** Moves through the revisions; its right end is now. */
export function TimeSlider({ latest, view: { revision, against } }: SliderProps) {
  const at = Math.min(revision ?? latest, latest)
  const other = useDraft(against === undefined ? '' : String(against))
  const go = (to: number) => change({ rev: to >= latest ? undefined : String(to) }, { replace: true })
  return (
    <div class="time">
      <label class="inline grow">
        <span class="now">{revision === undefined ? 'Now' : `Revision ${at}`}</span>
        <input
          type="range"
          name="revision"
          aria-label="Revision"
          min="1"
          max={latest}
          value={at}
          onInput={(event) => go(Number(event.currentTarget.value))}
        />
        <span class="number">{latest}</span>
      </label>
      <label class="inline">
        compared with
        <input
          type="number"
          name="against"
          min="1"
          max={latest}
          placeholder="–"
          {...other}
          onChange={(event) => change({ vs: event.currentTarget.value, rev: String(at) }, { replace: true })}
        />
      </label>
      {(revision !== undefined || against !== undefined) && (
        <button type="button" onClick={() => change({ rev: undefined, vs: undefined }, { replace: true })}>
          Back to now
        </button>
      )}
    </div>
  )
}

interface HistoryProps {
  readonly network: string
  readonly latest: number
  readonly view: View
  readonly past: Past
}

/** Who changed what, the latest first. */
export function History({ network, latest, view, past }: HistoryProps) {
  const [changes, setChanges] = useState<readonly Change[]>([])
  const [next, setNext] = useState<string>()
  const { isBusy, error, run } = useAct()
  const fetchPage = async (cursor?: string) => {
    const page = await api.call('listHistory', { path: { network }, query: { limit: 50, cursor } })
    setChanges((before) => (cursor === undefined ? page.items : [...before, ...page.items]))
    setNext(page.next)
  }
  useEffect(() => {
    run(() => fetchPage())
  }, [network, latest])
  return (
    <article>
      <Difference past={past} />
      <Notice error={error ?? past.error} />
      <ol class="changes">
        {changes.map((each) => (
          <ChangeItem key={each.sequence} change={each} view={view} latest={latest} />
        ))}
      </ol>
      {next !== undefined && (
        <button type="button" class="quiet wide" disabled={isBusy} onClick={() => run(() => fetchPage(next))}>
          Earlier changes
        </button>
      )}
    </article>
  )
}

function ChangeItem({
  change: each,
  view,
  latest,
}: {
  readonly change: Change
  readonly view: View
  readonly latest: number
}) {
  const { revision, at, actorName, what, events } = each
  const isShown = view.revision === revision
  return (
    <li class={isShown ? 'shown' : ''}>
      <button
        type="button"
        class="link"
        aria-pressed={isShown}
        onClick={() =>
          change({
            rev: revision >= latest ? undefined : String(revision),
            vs: revision > 1 ? String(revision - 1) : undefined,
          })
        }
      >
        {revision}
      </button>
      <div>
        <p>
          <strong>{actorName}</strong> {what.join('; ')}
          {events > what.length && ` and ${plural(events - what.length, 'event')} more`}
        </p>
        <time dateTime={at}>{when(at)}</time>
      </div>
    </li>
  )
}

/** What came and what went between the two revisions that are compared. */
function Difference({ past: { shown, against } }: { readonly past: Past }) {
  if (!shown || !against) return null
  const { nodes, links } = differenceOf(against, shown)
  return (
    <section class="difference" data-difference>
      <h3>
        From revision {against.revision} to {shown.revision}
      </h3>
      <ul>
        {nodes.added.map(({ id, name }) => (
          <li key={id} class="added">
            + {name}
          </li>
        ))}
        {nodes.removed.map(({ id, name }) => (
          <li key={id} class="removed">
            − {name}
          </li>
        ))}
        {nodes.changed.map(({ id, name, roles }) => (
          <li key={id}>
            {name} is now {roles.join(' and ') || 'without a role'}
          </li>
        ))}
        <li class="muted">
          {plural(links.added.length, 'link')} came, {plural(links.removed.length, 'link')} went, {links.same}{' '}
          stayed
        </li>
      </ul>
    </section>
  )
}
