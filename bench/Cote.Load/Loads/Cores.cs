using System.Diagnostics;
using Cote.Load.Figures;
using Cote.Load.Runs;

namespace Cote.Load.Loads;

/// <summary>
/// How many cores the server, its database, the model and the generator itself took in between.
/// </summary>
sealed class Cores
{
    public const string Server = "server", Database = "database", Model = "model";

    readonly (string Name, Func<double> Taken)[] _meters;
    readonly double[] _before;
    readonly TimeSpan _self = Environment.CpuUsage.TotalTime;
    readonly long _began = Stopwatch.GetTimestamp();
    readonly Dictionary<string, double> _taken = [];

    public Cores(params (string Name, Child? Child)[] children)
        : this(from x in children where x.Child is not null select (x.Name, (Func<double>)(() => x.Child!.Cpu)))
    {
    }

    /// <param name="meters">What each has taken so far, in seconds of processor time.</param>
    public Cores(IEnumerable<(string Name, Func<double> Taken)> meters)
    {
        _meters = [.. meters];
        _before = [.. _meters.Select(x => x.Taken())];
    }

    /// <summary>What comes after does not count.</summary>
    public void Stop()
    {
        var seconds = Stopwatch.GetElapsedTime(_began).TotalSeconds;
        for (var i = 0; i < _meters.Length; i++)
            _taken["cores_" + _meters[i].Name] = (_meters[i].Taken() - _before[i]) / seconds;
        _taken["cores_generator"] = (Environment.CpuUsage.TotalTime - _self).TotalSeconds / seconds;
    }

    public void Into(Sample sample)
    {
        if (_taken.Count == 0)
            Stop();
        foreach (var (name, cores) in _taken)
            sample.Detail[name] = cores;
    }

    /// <summary>
    /// Adds what one operation took of the server's processor, and of its database's with it: on a busy machine they
    /// say more than the rate does.
    /// </summary>
    public void Into(Sample sample, double perSecond)
    {
        Into(sample);
        if (!(perSecond > 0) || !_taken.TryGetValue("cores_" + Server, out var server))
            return;
        sample.Detail["server_us_each"] = server * 1e6 / perSecond;
        sample.Detail[Sample.CpuEach] = (server + _taken.GetValueOrDefault("cores_" + Database)) * 1e3 / perSecond;
    }
}
