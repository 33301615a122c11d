using Cote.Notices;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /admin/users/{id}/devices</c>: where the user gets pushes, newest first, without tokens.</summary>
static class ListDevicesOfUser
{
    public static async Task<IResult> Handle(
        string userId, CurrentUser admin, UserStore users, DeviceStore devices, CancellationToken ct) =>
        Ids.Parse(userId) is { } id && await users.FindAsync(id, ct) is not null
            ? ApiResults.Json(
                await devices.ListAsync(id, admin.SessionId, ct), DevicesJson.Default.IReadOnlyListDevice)
            : ApiResults.Of(GetAccount.NoUser);
}

/// <summary>
/// <c>DELETE /admin/users/{id}/devices/{device_id}</c>: nothing is pushed to it any more; its session goes on.
/// </summary>
static class RemoveDeviceOfUser
{
    public static async Task<IResult> Handle(
        string userId, string deviceId, HttpContext http, DeviceStore devices, Audit audit)
    {
        if (Ids.Parse(userId) is not { } user || Ids.Parse(deviceId) is not { } id
            || !await devices.RemoveAsync(user, id,
                (batch, itIs) => audit.Add(batch, AuditActions.DeviceRemoved, user, http, id, itIs)))
            return ApiResults.Of(Problems.DeviceNotFound);
        return ApiResults.Success;
    }
}
