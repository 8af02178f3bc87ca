/** How many arguments of a command are told, at least: keys, channels, fields and names of things; no values. */
const TOLD = new Map<string, number>();

const tell = (most: number, commands: string) => {
  for (const command of commands.split(/\s+/)) TOLD.set(command, most);
};

tell(
  Number.POSITIVE_INFINITY,
  `BLMOVE BLPOP BRPOP BRPOPLPUSH BZPOPMAX BZPOPMIN DEL DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME GET GETBIT GETDEL GETEX GETRANGE
   HDEL HEXISTS HGET HGETALL HGETDEL HKEYS HLEN HMGET HRANDFIELD HSCAN HSTRLEN HVALS KEYS LINDEX LLEN LMOVE LPOP LRANGE LTRIM
   MGET MOVE PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFCOUNT PFMERGE PSUBSCRIBE PTTL PUNSUBSCRIBE RENAME RENAMENX RPOP RPOPLPUSH
   SCAN SCARD SDIFF SDIFFSTORE SELECT SINTER SINTERSTORE SMEMBERS SPOP SRANDMEMBER SSCAN SSUBSCRIBE STRLEN SUBSCRIBE SUBSTR
   SUNION SUNIONSTORE SUNSUBSCRIBE TOUCH TTL TYPE UNLINK UNSUBSCRIBE WATCH XLEN XRANGE XREVRANGE XTRIM ZCARD ZPOPMAX ZPOPMIN
   ZRANGE ZREVRANGE ZSCAN`,
);
tell(2, 'BITOP HINCRBY HINCRBYFLOAT HMSET HSET HSETNX LSET MEMORY OBJECT SMOVE XGROUP XINFO');
tell(
  1,
  `ACL APPEND BITCOUNT BITFIELD BITPOS CLIENT CLUSTER COMMAND CONFIG COPY DECR DECRBY EVALSHA EVALSHA_RO FCALL FCALL_RO FUNCTION
   FT.SEARCH GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEOSEARCH GETSET HEXPIRE INCR INCRBY INCRBYFLOAT INFO JSON.DEL JSON.GET
   JSON.MERGE JSON.SET LINSERT LPOS LPUSH LPUSHX LREM MSET MSETNX PFADD PSETEX PUBLISH PUBSUB RESTORE RPUSH RPUSHX SADD SCRIPT SET
   SETBIT SETEX SETNX SETRANGE SISMEMBER SLOWLOG SMISMEMBER SORT SORT_RO SPUBLISH SREM XACK XADD XDEL XPENDING ZADD ZCOUNT ZINCRBY
   ZLEXCOUNT ZMSCORE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGEBYLEX
   ZREVRANGEBYSCORE ZREVRANK ZSCORE`,
);

const MOST_ARGUMENTS = 20;
const MOST_CHARACTERS = 100;

/**
 * A command with those of its arguments that are no values, `db.query.text`: `SET session:1 [1 other arguments]`. Of a command
 * that is not known none is told.
 *
 * @param operation the command in capitals
 * @param first which of `args` is the first argument
 */
export function redisQueryText(operation: string, args: readonly unknown[], first: number): string {
  const most = Math.min(TOLD.get(operation) ?? 0, MOST_ARGUMENTS);
  let text = operation;
  let at = first;
  for (; at < args.length && at - first < most; at++) text += ` ${shortened(String(args[at]))}`;
  return at < args.length ? `${text} [${args.length - at} other arguments]` : text;
}

function shortened(argument: string): string {
  return argument.length <= MOST_CHARACTERS ? argument : `${argument.slice(0, MOST_CHARACTERS)}…`;
}
