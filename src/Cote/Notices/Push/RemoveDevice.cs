using Microsoft.AspNetCore.Http;

namespace Cote.Notices;

/// <summary><c>DELETE /devices/{id}</c>: nothing is pushed to it any more.</summary>
static class RemoveDevice
{
    public static async Task<IResult> Handle(string deviceId, CurrentUser current, DeviceStore devices) =>
        Ids.Parse(deviceId) is { } id && await devices.RemoveAsync(current.Id, id)
            ? ApiResults.Success
            : ApiResults.Of(Problems.DeviceNotFound);
}
