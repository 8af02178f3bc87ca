import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';

const { SHARED_DATA_DIR } = process.env;

test('the strict parser gives the verdict of the OpenMetrics test suite on each of its documents', {
  skip: SHARED_DATA_DIR ? false : 'SHARED_DATA_DIR is not set',
}, () => {
  const folder = path.join(SHARED_DATA_DIR ?? '', 'openmetrics-testdata', 'parsers');
  const wrong = readdirSync(folder).flatMap((name) => {
    const { shouldParse, file } = JSON.parse(readFileSync(path.join(folder, name, 'test.json'), 'utf8'));
    try {
      parseOpenMetrics(readFileSync(path.join(folder, name, file), 'utf8'));
      return shouldParse ? [] : [`${name} is let pass`];
    } catch (error) {
      return shouldParse ? [`${name}: ${(error as Error).message}`] : [];
    }
  });
  assert.deepEqual(wrong, []);
  assert.equal(readdirSync(folder).length, 211);
});

test('the strict parser sees what Prometheus and others let pass', () => {
  const bad = {
    'the same series twice': '# TYPE a gauge\na{b="1"} 1\na{b="1"} 2\n# EOF\n',
    'a carriage return': '# TYPE a gauge\na 1\r\n# EOF\n',
    'families in two blocks': '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c="2"} 1\n# EOF\n',
  };
  for (const [what, text] of Object.entries(bad)) assert.throws(() => parseOpenMetrics(text), Error, what);
});
