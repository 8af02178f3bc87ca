import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeSql } from '../src/sql-text.ts';

describe('a text is told without its literals', () => {
  for (const [text, told] of [
    ['select 1', 'select ?'],
    ["select * from t where a = 'it''s' and b = 1.5e3 and c", 'select * from t where a = ? and b = ? and c'],
    ["select E'it\\'s', B'101', X'ff', U&'d'", 'select ?, B?, X?, U&?'],
    ['select $$secret$$, $a$it $$ is$a$', 'select ?, ?'],
    ['do $$ begin end $$', 'do ?'],
    ['select t1.c2, "a 1".b, arr[3], x::int4, -5', 'select t1.c2, "a 1".b, arr[?], x::int4, -?'],
    ['select true, FALSE, null', 'select ?, ?, null'],
    ["/* of 'anna' */ select a -- for 5\n from t", 'select a  \n from t'],
    ['select a from t where b = $1 and c = 2', 'select a from t where b = $1 and c = ?'],
    ["select 'never ended", 'select ?'],
    ['select $$never ended', 'select ?'],
    ['select a /* never ended', 'select a'],
    ['create user u password $x$secret$x$', 'create user u password ?'],
    ['', ''],
  ] as const) {
    test(JSON.stringify(text), () => assert.equal(describeSql(text).withoutLiterals, told));
  }

  test('of a very long one the beginning is told', () => {
    const { withoutLiterals, summary } = describeSql(`insert into t values ${"('secret'),".repeat(10_000)}`);
    assert.match(withoutLiterals, /^insert into t values \(\?\),\(\?\),/);
    assert.ok(withoutLiterals.length < 20_000 && !withoutLiterals.includes('secret'));
    assert.equal(summary, 'INSERT t');
  });
});

describe('a summary has the operations and what they work on', () => {
  for (const [text = '', summary, collection] of [
    ['select * from wuser_table where username = ?', 'SELECT wuser_table', 'wuser_table'],
    ['insert into shipping (order_id) select id from orders', 'INSERT shipping SELECT orders'],
    ['select * from songs s, artists as a where true', 'SELECT songs artists'],
    ['select d from (select * from orders o join customers c on true)', 'SELECT SELECT orders customers'],
    ['select * from "song list"', 'SELECT "song list"', '"song list"'],
    ['SELECT a FROM sales . "Orders"', 'SELECT sales."Orders"', 'sales."Orders"'],
    ['select * from t join t as u using (id) order by 1, 2', 'SELECT t t', 't'],
    ['select 1', 'SELECT'],
    ['select extract(day from created), substring(a from 2) from t', 'SELECT t', 't'],
    ['select a is distinct from b from t', 'SELECT t', 't'],
    ['select * from generate_series(1, 3) as g(n), t', 'SELECT t', 't'],
    ['select * from t for no key update', 'SELECT t', 't'],
    ['select view, "table" from t', 'SELECT t', 't'],
    ['insert into t (a) values (1) on conflict (a) do update set a = 2 returning a', 'INSERT t', 't'],
    ['update only t set a = (select max(b) from u) where c', 'UPDATE t SELECT u'],
    ['delete from t using u where t.a = u.a', 'DELETE t u'],
    ['merge into t using s on a = b when matched then update set a = 1', 'MERGE t s'],
    ['with n as (select 1), m as (select a from t) select * from n, m', 'WITH SELECT SELECT t SELECT', 't'],
    [
      'with recursive n(i) as (select 1 union select i from n) delete from t where a in (select i from n)',
      'WITH SELECT SELECT DELETE t SELECT',
      't',
    ],
    ['create table if not exists t (a int references u on delete cascade)', 'CREATE t', 't'],
    ['create unique index i on t using btree (a)', 'CREATE'],
    ['alter table t add column a int', 'ALTER t', 't'],
    ['drop view if exists v', 'DROP v', 'v'],
    ['truncate a, b', 'TRUNCATE a b'],
    ['truncate table a', 'TRUNCATE a', 'a'],
    ['call book(1, 2)', 'CALL book', 'book'],
    ['copy t (a) from stdin', 'COPY t', 't'],
    ['explain (analyze) select a from t', 'EXPLAIN SELECT t', 't'],
    ['begin', 'BEGIN'],
    ["set application_name = 'x'", 'SET'],
    ['fetch 10 from c', 'FETCH'],
    ['begin; update t set a = 1; commit', 'BEGIN UPDATE t COMMIT', 't'],
    ['nonsense from t', ''],
    ['', ''],
  ] as string[][]) {
    test(text || 'an empty text', () => {
      const told = describeSql(text);
      assert.deepEqual([told.summary, told.collection], [summary, collection]);
    });
  }

  test('it is not longer than 255 characters, and its last name is whole', () => {
    const { summary } = describeSql(`select * from ${Array.from({ length: 60 }, (_, n) => `table_${n}`)}`);
    assert.ok(summary.length <= 255);
    assert.match(summary, / table_\d+$/);
  });
});
