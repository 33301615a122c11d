using Cote.Load.Loads;

namespace Cote.Load.Runs;

/// <summary>A server that takes part in a figure, with people on it.</summary>
/// <param name="Who">Its name in the table.</param>
/// <param name="Child">Its process.</param>
/// <param name="Site">Its accounts and chats.</param>
/// <param name="Chats">How many chats there are for the loads.</param>
/// <param name="ChatsOfClient">Over so many chats a client of the turns goes round.</param>
/// <param name="DatabaseCpu">
/// What a database in other processes has taken for it so far, in seconds of processor time; null where there is none.
/// </param>
sealed record Contender(
    string Who, Child Child, Site Site, int Chats, int ChatsOfClient, Func<double>? DatabaseCpu = null) : IDisposable
{
    /// <summary>Measures what it, its database and the model take from now on.</summary>
    public Cores Meter(Child model)
    {
        var meters = new List<(string, Func<double>)>
        {
            (Cores.Server, () => Child.Cpu), (Cores.Model, () => model.Cpu),
        };
        if (DatabaseCpu is not null)
            meters.Add((Cores.Database, DatabaseCpu));
        return new(meters);
    }

    public void Dispose()
    {
        Child.Dispose();
        Site.Dispose();
    }
}

/// <summary>Those that take part in a step; they end with it.</summary>
sealed class Contenders : List<Contender>, IDisposable
{
    public void Dispose()
    {
        foreach (var contender in this)
            contender.Dispose();
    }
}
