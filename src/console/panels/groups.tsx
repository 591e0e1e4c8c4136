import type { Graph } from '../../client/operations.ts'
import { count, plural } from '../text.ts'

interface GroupsProps {
  /** The label that makes the groups. */
  readonly by: string
  readonly groups: Graph['groups']
  readonly between: Graph['between']
  readonly open: readonly string[]
  readonly onToggle: (group: string) => void
}

/** What is drawn of groups, as a table: how their members are, and the links that each has, inside and to others. */
export function GroupTable({ by, groups, between, open, onToggle }: GroupsProps) {
  return (
    <table class="dense" data-table="groups">
      <caption>
        {plural(groups.length, 'group')} by {by}
      </caption>
      <thead>
        <tr>
          <th scope="col">Group</th>
          <th scope="col">Online</th>
          <th scope="col">Applied</th>
          <th scope="col">Links up</th>
        </tr>
      </thead>
      <tbody>
        {groups.map(({ name, all, online, applied }) => (
          <tr key={name}>
            <th scope="row">
              <button
                type="button"
                class="link"
                aria-expanded={open.includes(name)}
                onClick={() => onToggle(name)}
              >
                {name === '' ? `without ${by}` : name}
              </button>
            </th>
            <td class="number">
              {count(online)} of {count(all)}
            </td>
            <td class="number">{count(applied)}</td>
            <td class="number">{linksOf(name, between)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function linksOf(name: string, between: Graph['between']): string {
  const own = between.filter(({ a, b }) => a === name || b === name)
  const sum = (of: 'up' | 'links') => own.reduce((total, pair) => total + pair[of], 0)
  return `${count(sum('up'))} of ${count(sum('links'))}`
}
