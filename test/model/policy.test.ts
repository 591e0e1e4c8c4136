import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allowanceOf, allowanceText, type Rule } from '../../src/model/policy.ts'

const rule = (limits: Partial<Rule>): Rule => ({ from: '*', to: '*', ...limits })
const ports = (first: number, last = first) => [{ first, last }]

describe('What rules permit together', () => {
  it('is everything as soon as one of them has no limit', () => {
    assert.equal(allowanceOf([rule({ protocols: ['icmp'] }), rule({})]), 'everything')
  })

  it('is nothing without a rule', () => {
    assert.equal(allowanceText(allowanceOf([])), 'nothing')
  })

  it('is one list for each protocol, in order and joined, whatever the order of the rules', () => {
    const rules = [
      rule({ ports: ports(8_000, 8_100) }),
      rule({ protocols: ['tcp'], ports: [...ports(22), ...ports(8_101, 8_200), ...ports(8_050)] }),
      rule({ protocols: ['icmp'] }),
    ]
    const text = 'tcp 22, 8000-8200; udp 8000-8100; icmp'
    assert.equal(allowanceText(allowanceOf(rules)), text)
    assert.equal(allowanceText(allowanceOf(rules.toReversed())), text)
  })

  it('is a whole protocol where one rule has it whole', () => {
    const rules = [rule({ protocols: ['tcp'], ports: ports(22) }), rule({ protocols: ['tcp'] })]
    assert.equal(allowanceText(allowanceOf(rules)), 'tcp')
  })
})
