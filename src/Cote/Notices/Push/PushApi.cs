using Cote.Http;

namespace Cote.Notices;

/// <summary>What the OpenAPI document says of devices beyond their types.</summary>
static class PushApi
{
    public static void Describe(ApiDocument api)
    {
        string[] kinds = [DeviceKinds.WebPush, DeviceKinds.Fcm, DeviceKinds.Apns];
        string[] previews = [Previews.Off, Previews.Title, Previews.Text];
        api.Schema<NewDevice>().OneOf("kind", kinds).OneOf("preview", previews)
            .Note("kind", "One of those that `GET /limits` names")
            .Length("token", 1, Device.LongestToken).Note("token", "Of `fcm` and `apns`")
            .Note("subscription", "Of `webpush`: the browser's `PushSubscription` as its `toJSON()` makes it")
            .Note("preview", "What the push service may read: `off` (the default): ids; `title`: the chat's title too; "
                + "`text`: the beginning of the reply too")
            .Example("""
                {"kind":"webpush","preview":"off","subscription":{
                  "endpoint":"https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV","keys":{
                  "p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                  "auth":"BTBZMqHH6r4Tts7J_aSIgg"}}}
                """);
        api.Schema<PushSubscription>().Length("endpoint", 1, PushAddress.Longest).Note("endpoint", "An https address");
        api.Schema<PushSubscriptionKeys>().Note("p256dh", "The public key, in base64url")
            .Note("auth", "The secret, in base64url");
        api.Schema<Device>().OneOf("kind", kinds).OneOf("preview", previews)
            .Note("session_id", "The login that it came with, and goes with")
            .Note("current", "Is it of the session that asks?");
        api.Operation(nameof(RegisterDevice)).Refuses(Problems.TooManyDevices)
            .Note("The same token again changes `preview` and the session, and answers the same id; it is taken from "
                + "another user who has it. The device goes with its session.");
        api.Operation(nameof(RemoveDevice)).Refuses(Problems.DeviceNotFound);
    }
}
