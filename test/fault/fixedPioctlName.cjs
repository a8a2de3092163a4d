'use strict';
// Loaded before a tool: it will use the pioctl file whose name the test knows.
Math.random = () => 0.5;
