import{L as o}from"./shared.js";console.log(o);
