'use strict';
// Rejections that nobody handles, or handles late.
process.on('unhandledRejection', (reason, promise) => {
  console.log('unhandled', promise instanceof Promise, reason.stack);
  if (reason.message === 'late') promise.catch(({ message }) => console.log('caught', message));
});
process.on('rejectionHandled', (promise) => console.log('handled after all', promise instanceof Promise));
Promise.reject(new Error('never'));
Promise.reject(new Error('late'));
(async () => {
  await null;
  throw new Error('in an async function');
})();
new Promise((_, reject) => setTimeout(reject, 5, new Error('from a timer')));
process.on('exit', (code) => console.log('exit', code));
