import { clearPrioritiesHandler, flushCacheHandler, flushVolumeHandler } from './flushCache.ts';
import { flushObjectHandler } from './flushObject.ts';
import { listCacheHandler, listCacheOfVolumeHandler } from './listCache.ts';
import { checkVolumesHandler } from './checkVolumes.ts';
import { lookasideHandler } from './lookaside.ts';
import { redirectHandler } from './redirect.ts';
import { purgeLogHandler } from './purgeLog.ts';
import { checkpointLogHandler } from './checkpointLog.ts';
import { repairCommandHandler } from './repairCommand.ts';
import { expandHandlers } from './expandObject.ts';
import { reconnectHandler } from './reconnect.ts';
import { disconnectHandler } from './disconnect.ts';
import { forceReintegrationAllHandler } from './forceReintegrationAll.ts';
import { forceReintegrationHandler } from './forceReintegration.ts';
import { writeDisconnectAllHandler } from './writeDisconnectAll.ts';
import { writeDisconnectHandler } from './writeDisconnect.ts';
import { addMountPointHandler } from './addMountPoint.ts';
import { checkServersHandler } from './checkServers.ts';
import { deleteMountPointHandler } from './deleteMountPoint.ts';
import { forgetTokenHandler } from './forgetToken.ts';
import { getAclHandler } from './getAcl.ts';
import { getFidHandler } from './getFid.ts';
import { getMountPointHandler } from './getMountPoint.ts';
import { getParentFidHandler } from './getParentFid.ts';
import { getPathHandler } from './getPath.ts';
import { getTokenHandler } from './getToken.ts';
import { getTokenOwnerHandler } from './getTokenOwner.ts';
import { getVolumeStatusHandler } from './getVolumeStatus.ts';
import { hoardAddHandler } from './hoardAdd.ts';
import { hoardClearHandler } from './hoardClear.ts';
import { hoardDeleteHandler } from './hoardDelete.ts';
import { hoardDisableHandler } from './hoardDisable.ts';
import { hoardEnableHandler } from './hoardEnable.ts';
import { hoardListHandler } from './hoardList.ts';
import { hoardVerifyHandler } from './hoardVerify.ts';
import { hoardWalkHandler } from './hoardWalk.ts';
import { listRealmsHandler } from './listRealms.ts';
import { listServersHandler } from './listServers.ts';
import { repairObjectHandler, setVersionVectorHandler } from './repairObject.ts';
import { setAclHandler } from './setAcl.ts';
import { setTokenHandler } from './setToken.ts';
import { setVolumeStatusHandler } from './setVolumeStatus.ts';
import { setZoneLimitsHandler } from './setZoneLimits.ts';
import { truncateLogHandler } from './truncateLog.ts';
import { waitForeverHandler } from './waitForever.ts';
import { setTimeLimitHandler } from './setTimeLimit.ts';
import { speakForUserHandler } from './speakForUser.ts';
import { statMountPointHandler } from './statMountPoint.ts';
import { whereIsHandler } from './whereIs.ts';
import type { PioctlHandler } from './handler.ts';

/** Every pioctl that the embedded venus serves. Others are answered EOPNOTSUPP. */
export const pioctlHandlers: ReadonlyMap<number, PioctlHandler> = new Map(
  [
    getAclHandler,
    purgeLogHandler,
    checkpointLogHandler,
    repairCommandHandler,
    ...expandHandlers,
    repairObjectHandler,
    setVersionVectorHandler,
    reconnectHandler,
    disconnectHandler,
    forceReintegrationAllHandler,
    forceReintegrationHandler,
    writeDisconnectAllHandler,
    writeDisconnectHandler,
    setAclHandler,
    setTokenHandler,
    getTokenHandler,
    forgetTokenHandler,
    getTokenOwnerHandler,
    getVolumeStatusHandler,
    setVolumeStatusHandler,
    checkServersHandler,
    whereIsHandler,
    addMountPointHandler,
    deleteMountPointHandler,
    statMountPointHandler,
    getFidHandler,
    getPathHandler,
    getParentFidHandler,
    getMountPointHandler,
    speakForUserHandler,
    setTimeLimitHandler,
    waitForeverHandler,
    truncateLogHandler,
    setZoneLimitsHandler,
    hoardAddHandler,
    hoardClearHandler,
    hoardDeleteHandler,
    hoardDisableHandler,
    hoardEnableHandler,
    hoardListHandler,
    hoardVerifyHandler,
    hoardWalkHandler,
    listRealmsHandler,
    listServersHandler,
    checkVolumesHandler,
    clearPrioritiesHandler,
    flushCacheHandler,
    flushVolumeHandler,
    flushObjectHandler,
    listCacheHandler,
    listCacheOfVolumeHandler,
    lookasideHandler,
    redirectHandler,
  ].map((handler) => [handler.opcode, handler]),
);
