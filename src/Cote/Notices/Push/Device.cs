using System.Text.Json.Serialization;

namespace Cote.Notices;

/// <summary>The services that pushes go by. The names stand in the database: they may never change.</summary>
static class DeviceKinds
{
    public const string WebPush = "webpush";
    public const string Fcm = "fcm";
    public const string Apns = "apns";
}

/// <summary>What a push shows. The names stand in the database: they may never change.</summary>
static class Previews
{
    public const string Off = "off";
    public const string Title = "title";
    public const string Text = "text";
}

/// <summary>What a push tells of. The names stand in the database: they may never change.</summary>
static class PushKinds
{
    public const string Ended = "ended";
    public const string Waiting = "waiting";
}

/// <summary>A device that gets pushes, as its owner sees it: never its token.</summary>
/// <param name="SessionId">The login that it came with, and goes with.</param>
/// <param name="Current">Whether that is the one that asks.</param>
sealed record Device(
    string Id, string Kind, string Preview, Timestamp CreatedAt, string SessionId, bool Current)
{
    public const int Most = 20;
    public const int LongestToken = 4_096;
}

/// <summary>Where a device is reached.</summary>
/// <param name="Token">Of Web Push: the endpoint.</param>
/// <param name="P256dh">Of Web Push: the browser's public key in base64url.</param>
/// <param name="Auth">Of Web Push: its secret in base64url.</param>
sealed record DeviceAddress(string Kind, string Token, string? P256dh = null, string? Auth = null)
{
    /// <summary>It never lands in a line of a log.</summary>
    public override string ToString() => Kind;
}

/// <summary>The body of <c>POST /devices/</c>.</summary>
sealed record NewDevice(
    string Kind, string? Token = null, PushSubscription? Subscription = null, string? Preview = null);

/// <summary>A browser's subscription, as its <c>toJSON()</c> makes it.</summary>
sealed record PushSubscription(string Endpoint, PushSubscriptionKeys Keys, double? ExpirationTime = null);

/// <summary>The keys of a browser's subscription, in base64url.</summary>
sealed record PushSubscriptionKeys(string P256dh, string Auth);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Device))]
[JsonSerializable(typeof(IReadOnlyList<Device>))]
sealed partial class DevicesJson : JsonSerializerContext;
