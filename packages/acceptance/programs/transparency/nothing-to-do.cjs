'use strict';
// A program that has nothing to do is over at once, with nothing that it would have to wait for.
console.log(process.getActiveResourcesInfo(), process._getActiveRequests().length);
