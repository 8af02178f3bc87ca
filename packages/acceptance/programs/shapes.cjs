'use strict';
// What can be seen of objects: their keys, functions and classes, and how they are shown.
const { inspect } = require('node:util');

const own = (value) =>
  Reflect.ownKeys(value)
    .map(String)
    .filter((key) => !/\d/.test(key))
    .join();
const functions = (value) =>
  Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, { value: each, enumerable, writable }]) =>
    [name, typeof each, each?.name, each?.length, enumerable, writable].join(' '),
  );
const tell = (name, value) => console.log(name, own(value), JSON.stringify(Object.keys(value)), functions(value));
const instance = (name, value) => {
  console.log(name, value.constructor.name, Object.keys(value).join(), value.eventNames?.().map(String).sort());
  console.log(inspect(value, { depth: 0 }).replaceAll(/\d{3,}|,$/gm, ''));
};
const failing = async (name, act) => {
  try {
    console.log(name, await act());
  } catch (error) {
    console.log(name, error.code, Object.keys(error), error.errors?.length);
    for (const { stack } of [error, ...(error.cause ? [error.cause] : [])]) console.log(stack);
  }
};

module.exports = { failing, instance, own, tell };
