import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matches, parseSelector, selectorText } from '../../src/model/selector.ts'
import { nodeId } from '../protocol/samples.ts'

describe('A selector', () => {
  const textOf = (text: string) => {
    const selector = parseSelector(text)
    return selector && selectorText(selector)
  }

  it('has one text, however its labels were ordered and spaced', () => {
    assert.equal(textOf('role=web,env=prod'), 'env=prod,role=web')
    assert.equal(textOf(' env = prod , role = web '), 'env=prod,role=web')
    assert.equal(textOf('*'), '*')
    assert.equal(textOf(nodeId(1)), nodeId(1))
    assert.equal(textOf('url=a=b'), 'url=a=b')
    assert.equal(textOf('empty='), 'empty=')
  })

  it('is nothing else', () => {
    for (const text of ['', 'web-1', '=x', 'a=b,', 'a=b,a=c', '-a=b', '*,a=b', 'a b=c'])
      assert.equal(parseSelector(text), undefined, text)
  })

  it('wants all of its labels, and takes no inherited property for one', () => {
    const subject = { id: nodeId(1), labels: { env: 'prod', role: 'web' } }
    const isMatched = (text: string) => {
      const selector = parseSelector(text)
      assert.ok(selector)
      return matches(selector, subject)
    }
    assert.ok(
      isMatched('env=prod,role=web') && isMatched('role=web') && isMatched('*') && isMatched(nodeId(1)),
    )
    assert.ok(!isMatched('env=prod,role=db') && !isMatched('rack=a') && !isMatched(nodeId(2)))
    assert.ok(!isMatched('constructor=function Object() { [native code] }'))
  })
})
