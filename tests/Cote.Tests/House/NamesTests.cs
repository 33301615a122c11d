using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Cote.Chats;
using Cote.Delivery;
using Cote.Events;
using Cote.Media.Reading;
using Cote.Notices;
using Cote.Tests.Harness;
using Cote.Usage;
using Cote.Users;

namespace Cote.Tests.House;

public sealed partial class NamesTests
{
    [Fact]
    public void No_class_is_named_after_nothing()
    {
        var types = new[] { typeof(CoteHost), typeof(FakeReply), typeof(CoteApp) }
            .SelectMany(x => x.Assembly.GetTypes())
            .Where(x => x.Namespace?.StartsWith("Cote", StringComparison.Ordinal) == true
                && x.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .Select(x => x.Name.Split('`')[0]).ToList();

        types.Count.ShouldBeGreaterThan(150);
        types.Where(x => Empty().IsMatch(x))
            .ShouldBeEmpty("name it after what it is, or move what it does to the noun it belongs to");
        Empty().IsMatch("ChatService").ShouldBeTrue();
    }

    // What stands in the database of a user, or in the hands of a client, may get company but never another name.
    [Fact]
    public void Names_that_are_kept_never_change()
    {
        Constants(typeof(EventTypes)).ShouldBe([
            "message", "message.status", "message.deleted", "message.feedback", "message.waiting",
            "chat.created", "chat.updated", "chat.deleted", "chat.path",
            "ready", "reset", "message.snapshot", "message.delta", "message.part", "message.part.delta",
            "typing", "ping", "pong", "error"]);
        Constants(typeof(States)).ShouldBe(
            ["queued", "running", "completed", "stopped", "failed", "interrupted", "waiting"]);
        Constants(typeof(Statuses)).ShouldBe(["sent", "delivered", "read"]);
        Constants(typeof(TitleSources)).ShouldBe(["user", "auto"]);
        Constants(typeof(Senders)).ShouldBe(["user", "ai"]);
        Constants(typeof(Purposes)).ShouldBe(["chat", "title", "transcription", "v1"]);
        Constants(typeof(KeyScopes)).ShouldBe(["read", "write", "approve", "v1", "metrics"]);
        Constants(typeof(MailPurposes)).ShouldBe(["reset", "verify"]);
        Constants(typeof(DeviceKinds)).ShouldBe(["webpush", "fcm", "apns"]);
        Constants(typeof(Previews)).ShouldBe(["off", "title", "text"]);
        Constants(typeof(PushKinds)).ShouldBe(["ended", "waiting"]);
        Constants(typeof(NoticeTypes)).ShouldBe([
            "reply.ended", "reply.waiting", "message.sent", "chat.deleted", "user.created", "user.erased",
            "budget.reached"]);
        Constants(typeof(FormKinds)).ShouldBe(["picture", "text", "outline"]);
        Enum.GetValues<CloseReason>().Select(x => (int)x)
            .Order().ShouldBe([4001, 4008, 4011, 4013, 4500, 4503, 4504, 4509]);
    }

    static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(x => x.IsLiteral).Select(x => (string)x.GetRawConstantValue()!);

    [GeneratedRegex("(Service|Manager|Helper|Util|Utility|Utilitie|Base|Processor|Impl)s?$")]
    private static partial Regex Empty();
}
