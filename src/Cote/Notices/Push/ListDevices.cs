using Microsoft.AspNetCore.Http;

namespace Cote.Notices;

/// <summary><c>GET /devices/</c>: the user's devices, the newest first, without their tokens.</summary>
static class ListDevices
{
    public static async Task<IResult> Handle(CurrentUser current, DeviceStore devices, CancellationToken ct) =>
        ApiResults.Json(
            await devices.ListAsync(current.Id, current.SessionId, ct), DevicesJson.Default.IReadOnlyListDevice);
}
