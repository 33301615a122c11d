using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// How often it is looked for mails that are due, and how long one waits for its second try: each further gap is five
/// times as long.
/// </summary>
sealed record MailPace(TimeSpan Every, TimeSpan FirstGap)
{
    public static readonly MailPace Default = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
}

/// <summary>
/// Sends the mails that were asked for. The code is made here and only its hash is kept, so each try sends a new one;
/// whether an address has an account is asked here too, where nobody can measure it.
/// </summary>
sealed class MailLoop(
    MailStore mails, UserStore users, Mailer mailer, MailTemplates templates, MailPace pace, MailOptions options,
    DatabaseEngine engine, Clock clock, ILogger<MailLoop> log) : PeriodicLoop(pace.Every, clock, log)
{
    /// <summary>The most mails of a purpose to an account in an hour.</summary>
    public const int MostAnHour = 5;

    const int AtOnce = 4;
    const int PageRows = 100;
    static readonly TimeSpan LongestGap = TimeSpan.FromMinutes(5);
    static readonly TimeSpan GivenUpAfter = TimeSpan.FromMinutes(30);

    bool _hasBegun;

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (!options.IsConfigured)
            return;
        if (!_hasBegun && engine.IsSingleProcess)
            await mails.VoidLeasesAsync();
        _hasBegun = true;
        while (await mails.ListDueAsync(PageRows, ct) is { Count: > 0 } due)
            await Parallel.ForEachAsync(due, new ParallelOptions
            {
                MaxDegreeOfParallelism = AtOnce,
                CancellationToken = ct,
            }, async (id, stop) => await SendAsync(id, stop));
    }

    async Task SendAsync(string id, CancellationToken ct)
    {
        if (await mails.ClaimAsync(id) is not { } mail)
            return;
        // Whatever became of the tries before: none goes on for ever, and after that time nobody waits for the code.
        if (Clock.Now > mail.CreatedAt + GivenUpAfter)
        {
            await mails.RemoveAsync(id);
            Log.MailGivenUp(id, mail.Tries - 1, "it waited for too long");
            return;
        }
        var account = await FindAsync(mail, ct);
        if (account is null || !IsReachable(account.User.Email)
            || await mails.CountRecentAsync(account.Id, mail.Purpose, mail.Id, Clock.Now, ct) >= MostAnHour)
        {
            await mails.RemoveAsync(id);
            return;
        }
        var outcome = await TryAsync(mail, account, ct);
        var isOver = outcome.Why is null || outcome.IsFinal;
        await (isOver ? mails.RemoveAsync(id) : mails.RetryAsync(id, GapAfter(mail.Tries)));
        if (outcome.Why is { } why && isOver)
            Log.MailGivenUp(id, mail.Tries, why);
        else if (outcome.Why is { } reason)
            Log.MailDelayed(id, reason);
    }

    async Task<MailOutcome> TryAsync(Mail mail, Account account, CancellationToken ct)
    {
        var code = MailCode.Make();
        var to = new MailRecipient(account.Id, account.User.Username, account.User.Email);
        MailText text;
        try
        {
            text = mail.Purpose == MailPurposes.Reset
                ? templates.PasswordReset(to, code) : templates.EmailVerification(to, code);
        }
#pragma warning disable CA1031 // A host's own code may throw anything, and the mails of others must go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return new($"the template threw {error.GetType().Name}", IsFinal: false);
        }
        // A host's code may know nothing of null checks.
        if (text is not { Subject: not null, Text: not null })
            return new("the template made no mail", IsFinal: false);
        // Before it is sent: whoever gets a code must be able to use it.
        await mails.AddCodeAsync(mail, account, MailCode.HashOf(code), Clock.Now);
        try
        {
            return await mailer.SendAsync(mail.Id, account.User.Email, text, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await mails.RetryAsync(mail.Id, TimeSpan.Zero); // The next start, or another node, need not wait.
            throw;
        }
    }

    // By its address alone, and to the address as it is stored: what was typed may only look like it.
    async Task<Account?> FindAsync(Mail mail, CancellationToken ct)
    {
        var account = mail.UserId is { } id ? await users.FindAsync(id, ct)
            : await users.FindByLoginAsync(mail.Address, ct);
        return account is { DisabledAt: null }
            && (mail.UserId is null || UserStore.Fold(account.User.Email) == UserStore.Fold(mail.Address))
            ? account : null;
    }

    // RFC 2606: no mail ever reaches it, and accounts without an address have one of these.
    static bool IsReachable(string email) => !email.EndsWith(".invalid", StringComparison.OrdinalIgnoreCase);

    TimeSpan GapAfter(long tries)
    {
        var gap = pace.FirstGap * Math.Pow(5, Math.Min(tries - 1, 10));
        return gap < LongestGap ? gap : LongestGap;
    }
}
