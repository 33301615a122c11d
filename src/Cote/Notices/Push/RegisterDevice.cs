using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Notices;

/// <summary><c>POST /devices/</c>: a device of this session, which gets pushes from now on.</summary>
static class RegisterDevice
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, DeviceStore devices, PushSenders senders, Clock clock)
    {
        var request = await Body.ReadAsync(http);
        var kind = request.HasValue("kind")
            ? request.OptionalChoice("kind", DeviceKinds.WebPush, DeviceKinds.Fcm, DeviceKinds.Apns)
            : request.Text("kind", 0, 0);
        var preview = request.Choice("preview", Previews.Off, Previews.Off, Previews.Title, Previews.Text);
        if (kind is { Length: > 0 } && !senders.Kinds.Contains(kind))
            request.AddError("kind", "this server does not push by it; GET /limits tells what it pushes by");
        var address = kind switch
        {
            DeviceKinds.WebPush => Subscription(request),
            DeviceKinds.Fcm or DeviceKinds.Apns => Token(request, kind),
            _ => new DeviceAddress("", ""),
        };
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var device = await devices.AddAsync(
            current, new(clock.NewId(), kind!, preview, clock.Now, current.SessionId!, true), address);

        return device is null
            ? ApiResults.Of(Problems.TooManyDevices) : ApiResults.Json(device, DevicesJson.Default.Device);
    }

    static DeviceAddress Token(RequestReader request, string kind)
    {
        var token = request.Text("token", 1, Device.LongestToken);
        if (kind == DeviceKinds.Apns && token.Length > 0 && !(token.Length <= 200 && token.All(char.IsAsciiHexDigit)))
            request.AddError("token", "a token of APNs is up to 200 hexadecimal digits");
        else if (token.Any(x => x is <= ' ' or > '~'))
            request.AddError("token", "a token has no blanks, and ASCII characters only");
        return new(kind, kind == DeviceKinds.Apns ? token.ToLowerInvariant() : token);
    }

    // As the browser's toJSON() makes it: what else stands in it is of no use here.
    static DeviceAddress Subscription(RequestReader request)
    {
        var subscription = request.NestedObject("subscription");
        var endpoint = subscription.Text("endpoint", 1, PushAddress.Longest);
        if (endpoint.Length > 0 && PushAddress.WhatIsWrong(endpoint) is { } wrong)
            subscription.AddError("endpoint", wrong);
        var keys = subscription.NestedObject("keys");
        var (p256dh, auth) = (keys.Text("p256dh", 1, 200), keys.Text("auth", 1, 200));
        if (p256dh.Length > 0 && WebPushCipher.ReadKey(p256dh) is null)
            keys.AddError("p256dh", "it is a point of the curve P-256, uncompressed, in base64url");
        if (auth.Length > 0 && WebPushCipher.ReadSecret(auth) is null)
            keys.AddError("auth", "it is 16 bytes in base64url");
        return new(DeviceKinds.WebPush, endpoint, p256dh, auth);
    }
}
