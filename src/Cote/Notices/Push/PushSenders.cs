namespace Cote.Notices;

/// <summary>The services that this server pushes by.</summary>
sealed class PushSenders(
    VapidKey vapid, WebPushSender webPush, FcmSender fcm, ApnsSender apns, PushOptions options)
{
    /// <summary>Whether there is any, as far as the configuration says.</summary>
    public bool AreConfigured => vapid.IsConfigured || options.Fcm.IsConfigured || options.Apns.IsConfigured;

    /// <summary>The kinds of devices that may be registered.</summary>
    public IReadOnlyList<string> Kinds =>
    [
        .. vapid.PublicKey is not null ? [DeviceKinds.WebPush] : Array.Empty<string>(),
        .. options.Fcm.IsConfigured ? [DeviceKinds.Fcm] : Array.Empty<string>(),
        .. options.Apns.IsConfigured ? [DeviceKinds.Apns] : Array.Empty<string>(),
    ];

    /// <summary>What a browser subscribes with; null where there is no Web Push.</summary>
    public string? VapidKey => vapid.PublicKey;

    /// <summary>Sends a push to a device.</summary>
    public Task<PushOutcome> SendAsync(DeviceAddress address, PushMessage message, CancellationToken ct) =>
        address.Kind switch
        {
            DeviceKinds.WebPush when vapid.PublicKey is not null => webPush.SendAsync(address, message, ct),
            DeviceKinds.Fcm when options.Fcm.IsConfigured => fcm.SendAsync(address, message, ct),
            DeviceKinds.Apns when options.Apns.IsConfigured => apns.SendAsync(address, message, ct),
            // Registered before the configuration changed.
            _ => Task.FromResult(new PushOutcome(PushResult.Refused, "this server does not push by it any more")),
        };
}
